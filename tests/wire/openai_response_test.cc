#include <gtest/gtest.h>
#include <simdjson.h>

#include "proxy/wire/formats.h"
#include "proxy/wire/registry.h"
#include "tests/wire/reader_testing.h"

namespace budget::wire {
namespace {

const Format& format = openai_format();

ReaderOptions options_for(std::string_view path, bool stream, const char* dialect = "openai") {
  ReaderOptions options;
  options.route = route(ProviderFormat::openai, "POST", path, "");
  options.dialect = dialect_named(dialect);
  options.stream = stream;
  options.response.content_type = stream ? "text/event-stream; charset=utf-8" : "application/json";
  return options;
}

// input, cached, written, output, reasoning; other buckets are named apart.
struct Figures {
  std::int64_t input = 0;
  std::int64_t cached = 0;
  std::int64_t written = 0;
  std::int64_t output = 0;
  std::int64_t reasoning = 0;
  friend bool operator==(const Figures&, const Figures&) = default;
};

Figures figures_of(const pricing::Usage& usage) {
  return {usage.input.value(), usage.cache_read.value(), usage.cache_write_5m.value(),
          usage.output.value(), usage.reasoning.value()};
}

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
        format, options_for("/v1/chat/completions", false, test.dialect), {body}, false);
    EXPECT_EQ(figures_of(result.reading.usage), test.expected);
    EXPECT_TRUE(result.reading.input_reported && result.reading.output_reported);
  }
}

TEST(OpenAiUsage, AbsentIsNotZero) {
  for (const char* body : {R"({"choices":[]})", R"({"choices":[],"usage":null})",
                           R"({"choices":[],"usage":{}})", R"({"choices":[],"usage":[1]})"}) {
    const ReadResult result =
        read_pieces(format, options_for("/v1/chat/completions", false), {body}, false);
    EXPECT_FALSE(result.reading.input_reported) << body;
    EXPECT_FALSE(result.reading.output_reported) << body;
    EXPECT_TRUE(result.reading.finished);
  }
  const ReadResult half = read_pieces(format, options_for("/v1/chat/completions", false),
                                      {R"({"usage":{"prompt_tokens":3}})"}, false);
  EXPECT_TRUE(half.reading.input_reported);
  EXPECT_FALSE(half.reading.output_reported);
}

TEST(OpenAiMedia, ReadsPicturesSoundAndEmbeddings) {
  const auto read = [](const char* path, bool stream, const std::string& body) {
    return read_pieces(format, options_for(path, stream), byte_by_byte(body), true).reading;
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

  ReaderOptions speech = options_for("/v1/audio/speech", false);
  speech.response.content_type = "audio/mpeg";
  const ReadResult sound = read_pieces(format, speech, byte_by_byte("\xFF\xFB\x90{\"a\""), true);
  EXPECT_EQ(sound.out, "\xFF\xFB\x90{\"a\"");
  EXPECT_TRUE(sound.reading.finished);
  EXPECT_FALSE(sound.reading.malformed);
}

std::string chunk(std::string_view members) {
  return "data: "
         "{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":17,\"model\":\"m-1\"," +
         std::string(members) + "}\n\n";
}

const std::string hello = chunk(
    R"("service_tier":"priority","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"},"finish_reason":null}],"usage":null)");
const std::string world =
    chunk(R"("choices":[{"index":0,"delta":{"content":"lo \u00e9"},"finish_reason":null}])");
const std::string stop = chunk(R"("choices":[{"index":0,"delta":{},"finish_reason":"stop"}])");
const std::string usage_chunk =
    chunk(R"("choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5})");
const std::string done = "data: [DONE]\n\n";

TEST(OpenAiChatStream, ReadsTextUsageAndWhatItIs) {
  const ReadResult result =
      read_pieces(format, options_for("/v1/chat/completions", true),
                  byte_by_byte(hello + world + stop + usage_chunk + done), true);
  EXPECT_EQ(result.text, "Hello \xC3\xA9");
  EXPECT_EQ(figures_of(result.reading.usage), (Figures{3, 0, 0, 2, 0}));
  EXPECT_EQ(result.reading.model, "m-1");
  EXPECT_EQ(result.reading.upstream_id, "c1");
  EXPECT_EQ(result.reading.tier, pricing::ServiceTier::priority);
  EXPECT_TRUE(result.reading.finished);
  EXPECT_EQ(result.ending, "");
}

TEST(OpenAiChatStream, TakesOutTheUsageEventThatOnlyTheProxyAskedFor) {
  const std::string filters = chunk(R"("choices":[],"prompt_filter_results":[])");
  const std::string body = filters + hello + world + stop + usage_chunk + done;
  ReaderOptions options = options_for("/v1/chat/completions", true);
  options.strip_usage = true;
  const std::string without = filters + hello + world + stop + done;
  for (std::size_t at = 0; at <= body.size(); ++at) {
    const ReadResult result = read_pieces(format, options, cut_at(body, at), true);
    ASSERT_EQ(result.out, without) << at;
    ASSERT_EQ(result.reading.usage.total().value(), 5);
  }
  options.strip_usage = false;
  EXPECT_EQ(read_pieces(format, options, {body}, true).out, body);
}

TEST(OpenAiChatStream, CountsEachVendorsUsageOnce) {
  const std::string cumulative =
      chunk(
          R"("choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4})") +
      chunk(
          R"("choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5})");
  const std::string groq =
      hello +
      chunk(
          R"("x_groq":{"id":"r","usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}])");
  const std::string router = ": OPENROUTER PROCESSING\n\n" + hello + stop + usage_chunk + done;
  for (const std::string& body : {cumulative, groq, router}) {
    const ReadResult result = read_pieces(
        format, options_for("/v1/chat/completions", true, "generic"), byte_by_byte(body), true);
    EXPECT_EQ(result.reading.usage.total().value(), 5) << body;
    EXPECT_TRUE(result.reading.finished) << body;
    EXPECT_EQ(result.out, body);
  }
}

TEST(OpenAiChatStream, ReadsToolCallsReasoningAndRefusals) {
  const std::string body =
      chunk(
          R"("choices":[{"index":0,"delta":{"reasoning_content":"r1","tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a"}}]}}])") +
      chunk(
          R"("choices":[{"index":0,"delta":{"refusal":"no","tool_calls":[{"index":0,"function":{"arguments":"\":1}"}}]}}])");
  const ReadResult result =
      read_pieces(format, options_for("/v1/chat/completions", true), {body}, false);
  EXPECT_EQ(result.text, "r1f{\"ano\":1}");
}

TEST(OpenAiChatStream, NotesAnErrorInsideTheStream) {
  const std::string body =
      hello + "data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n";
  const ReadResult result =
      read_pieces(format, options_for("/v1/chat/completions", true), byte_by_byte(body), true);
  EXPECT_EQ(result.reading.error, "overloaded");
  EXPECT_FALSE(result.reading.finished);
  EXPECT_EQ(result.out, body);
}

TEST(OpenAiChatStream, PassesNonsenseOnAndReadsTheRest) {
  const std::string body =
      "data: {\"broken\n\ndata: hello\n\n" + hello + "garbage\n\n" + usage_chunk;
  const ReadResult result =
      read_pieces(format, options_for("/v1/chat/completions", true), byte_by_byte(body), true);
  EXPECT_EQ(result.out, body);
  EXPECT_EQ(result.reading.usage.total().value(), 5);
}

TEST(OpenAiChatStream, EndsWhenCutAsIfTheTokensHadRunOut) {
  ReaderOptions options = options_for("/v1/chat/completions", true);
  pricing::Usage usage;
  usage.input = pricing::Tokens(3);
  usage.output = pricing::Tokens(2);
  const auto cut = [&](const std::string& body) {
    const auto reader = format.reader(options);
    std::string out;
    reader->feed(body, &out);
    return reader->cut_ending(usage);
  };
  const std::string head =
      R"(data: {"id":"c1","object":"chat.completion.chunk","created":17,"model":"m-1","choices":[)";
  const auto length = [&](int index) {
    return head + R"({"index":)" + std::to_string(index) +
           R"(,"delta":{},"logprobs":null,"finish_reason":"length"}])";
  };
  EXPECT_EQ(cut(hello), length(0) + "}\n\n" + done);
  const std::string second = chunk(R"("choices":[{"index":1,"delta":{"content":"x"}}])");
  EXPECT_EQ(cut(hello + second), length(0) + "}\n\n" + length(1) + "}\n\n" + done);
  EXPECT_EQ(cut(hello + second + stop), length(1) + "}\n\n" + done);
  EXPECT_EQ(cut(hello + stop + done), "");
  // In the middle of an event's lines the next one needs a blank line.
  EXPECT_EQ(cut(hello.substr(0, hello.size() - 1)), "\n" + length(0) + "}\n\n" + done);

  options.usage_asked = true;
  EXPECT_EQ(cut(hello),
            length(0) + ",\"usage\":null}\n\n" + head +
                R"(],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,)"
                R"("prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},)"
                R"("completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,)"
                R"("accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}})" +
                "\n\n" + done);
}

std::string typed(std::string_view type, std::string_view members) {
  return "event: " + std::string(type) + "\ndata: {\"type\":\"" + std::string(type) + "\"," +
         std::string(members) + "}\n\n";
}

TEST(OpenAiResponsesStream, EndsWhenCutWithAllThatWasSaid) {
  const std::string body =
      typed(
          "response.created",
          R"("sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","model":"m-1","output":[],"usage":null,"tools":[]})") +
      typed(
          "response.output_item.added",
          R"("sequence_number":1,"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]})") +
      typed(
          "response.output_item.done",
          R"("sequence_number":2,"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]})") +
      typed(
          "response.output_item.added",
          R"("sequence_number":3,"output_index":1,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]})") +
      typed(
          "response.content_part.added",
          R"("sequence_number":4,"item_id":"msg_1","output_index":1,"content_index":0,"part":{"type":"output_text","text":""})") +
      typed(
          "response.output_text.delta",
          R"("sequence_number":5,"item_id":"msg_1","output_index":1,"content_index":0,"delta":"Hel\"")") +
      typed(
          "response.output_text.delta",
          R"("sequence_number":6,"item_id":"msg_1","output_index":1,"content_index":0,"delta":"lo")");
  const auto reader = format.reader(options_for("/v1/responses", true));
  std::string out;
  reader->feed(body, &out);
  EXPECT_EQ(out, body);
  EXPECT_EQ(reader->take_output_text(), "Hel\"lo");
  pricing::Usage usage;
  usage.input = pricing::Tokens(4);
  usage.output = pricing::Tokens(2);
  const std::string part =
      R"({"type":"output_text","annotations":[],"logprobs":[],"text":"Hel\"lo"})";
  const std::string item =
      R"({"id":"msg_1","type":"message","status":"incomplete","role":"assistant","content":[)" +
      part + "]}";
  EXPECT_EQ(
      reader->cut_ending(usage),
      typed(
          "response.output_text.done",
          R"("sequence_number":7,"item_id":"msg_1","output_index":1,"content_index":0,"logprobs":[],"text":"Hel\"lo")") +
          typed(
              "response.content_part.done",
              R"("sequence_number":8,"item_id":"msg_1","output_index":1,"content_index":0,"part":)" +
                  part) +
          typed("response.output_item.done",
                R"("sequence_number":9,"output_index":1,"item":)" + item) +
          typed(
              "response.incomplete",
              R"("sequence_number":10,"response":{"incomplete_details":{"reason":"max_output_tokens"},)"
              R"("id":"resp_1","object":"response","status":"incomplete","model":"m-1","output":)"
              R"([{"id":"rs_1","type":"reasoning","summary":[]},)" +
                  item +
                  R"(],"usage":{"input_tokens":4,"input_tokens_details":{"cached_tokens":0},)"
                  R"("output_tokens":2,"output_tokens_details":{"reasoning_tokens":0},)"
                  R"("total_tokens":6},"tools":[]})"));
}

TEST(OpenAiResponsesStream, EndsWhenCutInsideAToolCallOrBeforeAnything) {
  const std::string call =
      typed(
          "response.output_item.added",
          R"("output_index":0,"item":{"id":"fc","type":"function_call","call_id":"c","name":"f","arguments":"","status":"in_progress"})") +
      typed("response.function_call_arguments.delta",
            R"("output_index":0,"item_id":"fc","delta":"{\"a")");
  for (const std::string& body : {call, std::string()}) {
    const auto reader = format.reader(options_for("/v1/responses", true));
    std::string out;
    reader->feed(body, &out);
    const std::string ending = reader->cut_ending({});
    // Read by ourselves, it is a whole answer.
    const ReadResult again =
        read_pieces(format, options_for("/v1/responses", true), byte_by_byte(body + ending), true);
    EXPECT_TRUE(again.reading.finished);
    EXPECT_EQ(again.reading.error, "");
    EXPECT_EQ(ending.find(R"("arguments":"{\"a")") != std::string::npos, !body.empty());
    for (std::size_t at = ending.find("data: "); at != std::string::npos;
         at = ending.find("data: ", at + 1)) {
      const std::string data = ending.substr(at + 6, ending.find('\n', at) - at - 6);
      simdjson::dom::parser parser;
      EXPECT_EQ(parser.parse(data).error(), simdjson::SUCCESS) << data;
    }
  }
}

TEST(OpenAiResponses, KnowsAnAnswerThatGoesOnInTheBackground) {
  const Reading queued =
      read_pieces(format, options_for("/v1/responses", false),
                  {R"({"id":"r","status":"queued","output":[],"usage":null})"}, false)
          .reading;
  EXPECT_FALSE(queued.finished);
  EXPECT_FALSE(queued.input_reported);
  const Reading failed =
      read_pieces(
          format, options_for("/v1/responses", true),
          {typed(
              "response.failed",
              R"("response":{"id":"r","model":"m","status":"failed","error":{"code":"x","message":"boom"}})")},
          false)
          .reading;
  EXPECT_TRUE(failed.finished);
  EXPECT_EQ(failed.error, "boom");
}

TEST(OpenAiResponses, CountsTheSearchesOfAnAnswer) {
  const std::string usage = R"("usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3})";
  const std::string item = R"({"id":"ws","type":"web_search_call","status":"completed"})";
  const std::string plain =
      R"({"id":"r","status":"completed","output":[)" + item + "," + item + "]," + usage + "}";
  const std::string streamed =
      typed("response.output_item.done", R"("output_index":0,"item":)" + item) +
      typed("response.completed", R"("response":{"output":[)" + item + "]," + usage + "}");
  EXPECT_EQ(read_pieces(format, options_for("/v1/responses", false), {plain}, false)
                .reading.usage.search_units,
            2);
  EXPECT_EQ(read_pieces(format, options_for("/v1/responses", true), {streamed}, false)
                .reading.usage.search_units,
            1);
}

TEST(OpenAiReaders, GiveTheSameForEverySplit) {
  const std::uint64_t seed = 20261124;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  ReaderOptions strip = options_for("/v1/chat/completions", true);
  strip.strip_usage = true;
  const std::pair<ReaderOptions, std::string> bodies[] = {
      {strip, hello + ": ping\r\n\r\n" + world + stop + usage_chunk + done},
      {options_for("/v1/chat/completions", true),
       "data: {\"a\":\r\ndata: 1}\r\n\r\ndata:{\"choices\":[]}\rdata:[DONE]\r\r" + usage_chunk},
      {options_for("/v1/responses", true),
       typed("response.created", R"("response":{"id":"r","model":"m"})") +
           typed(
               "response.completed",
               R"("response":{"id":"r","model":"m","usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}})")},
  };
  for (const auto& [options, body] : bodies) {
    const ReadResult whole = read_pieces(format, options, {body}, true);
    for (int round = 0; round < 500; ++round) {
      const Pieces pieces = random_pieces(body, random);
      const ReadResult loud = read_pieces(format, options, pieces, true);
      const ReadResult quiet = read_pieces(format, options, pieces, false);
      ASSERT_EQ(loud.out, whole.out);
      ASSERT_EQ(loud.text, whole.text);
      ASSERT_EQ(quiet.text, whole.text);
      ASSERT_TRUE(same_reading(loud.reading, whole.reading));
      ASSERT_TRUE(same_reading(quiet.reading, whole.reading));
      ASSERT_EQ(loud.ending, whole.ending);
    }
  }
}

}  // namespace
}  // namespace budget::wire
