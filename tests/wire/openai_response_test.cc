// Usage in OpenAI's words, and answers that are not text.
#include <gtest/gtest.h>
#include <simdjson.h>

#include "proxy/wire/formats.h"
#include "proxy/wire/registry.h"
#include "tests/wire/openai_testing.h"
#include "tests/wire/reader_testing.h"

namespace budget::wire {
namespace {

const Format& format = openai_format();

TEST(OpenAiUsage, IsTakenApartIntoDisjointBucketsForEveryVendor) {
  struct Case {
    const char* name;
    const char* dialect;
    const char* usage;
    Figures expected;
  };
  const Case cases[] = {
      {"reasoning inside",
       "openai",
       R"({"prompt_tokens":12,"completion_tokens":100,"total_tokens":112,
         "prompt_tokens_details":{"cached_tokens":0},
         "completion_tokens_details":{"reasoning_tokens":100}})",
       {12, 0, 0, 0, 100}},
      {"cache read and written",
       "openai",
       R"({"prompt_tokens":1000,"completion_tokens":10,"total_tokens":1010,
         "prompt_tokens_details":{"cached_tokens":300,"cache_write_tokens":200}})",
       {500, 300, 200, 10, 0}},
      {"responses' names",
       "openai",
       R"({"input_tokens":12,"input_tokens_details":{"cached_tokens":2},"output_tokens":8,
         "output_tokens_details":{"reasoning_tokens":3},"total_tokens":20})",
       {10, 2, 0, 5, 3}},
      {"hidden thinking",
       "gemini",
       R"({"prompt_tokens":7,"completion_tokens":12,"total_tokens":402})",
       {7, 0, 0, 12, 383}},
      {"hidden thinking, nothing said",
       "generic",
       R"({"prompt_tokens":7,"completion_tokens":0,"total_tokens":8})",
       {7, 0, 0, 0, 1}},
      {"reasoning outside",
       "xai",
       R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,
         "completion_tokens_details":{"reasoning_tokens":100}})",
       {10, 0, 0, 5, 100}},
      {"reasoning outside, no total",
       "xai",
       R"({"prompt_tokens":10,"completion_tokens":5,
         "completion_tokens_details":{"reasoning_tokens":100}})",
       {10, 0, 0, 5, 100}},
      {"reasoning inside after all",
       "xai",
       R"({"prompt_tokens":10,"completion_tokens":105,"total_tokens":115,
         "completion_tokens_details":{"reasoning_tokens":100}})",
       {10, 0, 0, 5, 100}},
      {"reasoning outside, by its total",
       "generic",
       R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,
         "completion_tokens_details":{"reasoning_tokens":100}})",
       {10, 0, 0, 5, 100}},
      {"cache hits and misses",
       "deepseek",
       R"({"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,
         "prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36})",
       {36, 64, 0, 5, 0}},
      {"nulls",
       "openai",
       R"({"prompt_tokens":5,"completion_tokens":6,"total_tokens":null,
         "prompt_tokens_details":null,"completion_tokens_details":{"reasoning_tokens":null}})",
       {5, 0, 0, 6, 0}},
      {"parts above their whole",
       "openai",
       R"({"prompt_tokens":5,"completion_tokens":6,
         "prompt_tokens_details":{"cached_tokens":50,"audio_tokens":7},
         "completion_tokens_details":{"reasoning_tokens":60}})",
       {0, 5, 0, 0, 6}},
      {"negatives and fractions",
       "openai",
       R"({"prompt_tokens":-5,"completion_tokens":6.5})",
       {0, 0, 0, 7, 0}},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    const std::string body = R"({"id":"x","choices":[],"usage":)" + std::string(test.usage) + "}";
    const ReadResult result = read_pieces(
        format, openai_options("/v1/chat/completions", false, test.dialect), {body}, false);
    EXPECT_EQ(figures_of(result.reading.usage), test.expected);
    EXPECT_TRUE(result.reading.input_reported && result.reading.output_reported);
  }
}

TEST(OpenAiUsage, AbsentIsNotZero) {
  for (const char* body : {R"({"choices":[]})", R"({"choices":[],"usage":null})",
                           R"({"choices":[],"usage":{}})", R"({"choices":[],"usage":[1]})"}) {
    const ReadResult result =
        read_pieces(format, openai_options("/v1/chat/completions", false), {body}, false);
    EXPECT_FALSE(result.reading.input_reported) << body;
    EXPECT_FALSE(result.reading.output_reported) << body;
    EXPECT_TRUE(result.reading.finished);
  }
  const ReadResult half = read_pieces(format, openai_options("/v1/chat/completions", false),
                                      {R"({"usage":{"prompt_tokens":3}})"}, false);
  EXPECT_TRUE(half.reading.input_reported);
  EXPECT_FALSE(half.reading.output_reported);
}

TEST(OpenAiMedia, ReadsPicturesSoundAndEmbeddings) {
  const auto read = [](const char* path, bool stream, const std::string& body) {
    return read_pieces(format, openai_options(path, stream), byte_by_byte(body), true).reading;
  };
  const Reading picture =
      read("/v1/images/generations", true,
           "data: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"AA\"}\n\n"
           "data: {\"type\":\"image_generation.completed\",\"usage\":{\"input_tokens\":12,"
           "\"input_tokens_details\":{\"image_tokens\":0,\"text_tokens\":12},"
           "\"output_tokens\":4493,\"output_tokens_details\":{\"image_tokens\":4160,"
           "\"text_tokens\":333},\"total_tokens\":4505}}\n\n");
  EXPECT_EQ(picture.usage.input_total().value(), 12);
  EXPECT_EQ(picture.usage.image_output.value(), 4160);
  EXPECT_EQ(picture.usage.output.value(), 333);
  EXPECT_EQ(picture.usage.total().value(), 4505);
  EXPECT_EQ(picture.usage.images, 1);
  EXPECT_TRUE(picture.finished);

  const Reading plain =
      read("/v1/images/generations", false, R"({"data":[{"url":"a"},{"url":"b"}],"created":1})");
  EXPECT_EQ(plain.usage.images, 2);
  EXPECT_FALSE(plain.output_reported);

  const Reading duration = read("/v1/audio/transcriptions", false,
                                R"({"text":"hi","usage":{"type":"duration","seconds":7.25}})");
  EXPECT_EQ(duration.usage.audio_milliseconds, 7250);
  EXPECT_EQ(duration.usage.total().value(), 0);
  EXPECT_TRUE(duration.input_reported);

  const Reading tokens =
      read("/v1/audio/transcriptions", true,
           "data: {\"type\":\"transcript.text.delta\",\"delta\":\"hi\"}\n\n"
           "data: {\"type\":\"transcript.text.done\",\"text\":\"hi\",\"usage\":{\"type\":"
           "\"tokens\",\"input_tokens\":14,\"input_token_details\":{\"text_tokens\":0,"
           "\"audio_tokens\":14},\"output_tokens\":45,\"total_tokens\":59}}\n\n");
  EXPECT_EQ(tokens.usage.audio_input.value(), 14);
  EXPECT_EQ(tokens.usage.output.value(), 45);

  const Reading embeddings =
      read("/v1/embeddings", false,
           R"({"data":[],"model":"e","usage":{"prompt_tokens":7,"total_tokens":7}})");
  EXPECT_EQ(embeddings.usage.total().value(), 7);
  EXPECT_TRUE(embeddings.output_reported);

  ReaderOptions speech = openai_options("/v1/audio/speech", false);
  speech.response.content_type = "audio/mpeg";
  const ReadResult sound = read_pieces(format, speech, byte_by_byte("\xFF\xFB\x90{\"a\""), true);
  EXPECT_EQ(sound.out, "\xFF\xFB\x90{\"a\"");
  EXPECT_TRUE(sound.reading.finished);
  EXPECT_FALSE(sound.reading.malformed);
}

}  // namespace
}  // namespace budget::wire
