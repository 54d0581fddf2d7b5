// Streams of chat completions.
#include <gtest/gtest.h>
#include <simdjson.h>

#include "proxy/wire/formats.h"
#include "proxy/wire/registry.h"
#include "tests/wire/openai_testing.h"
#include "tests/wire/reader_testing.h"

namespace budget::wire {
namespace {

const Format& format = openai_format();

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
      read_pieces(format, openai_options("/v1/chat/completions", true),
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
  ReaderOptions options = openai_options("/v1/chat/completions", true);
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
        format, openai_options("/v1/chat/completions", true, "generic"), byte_by_byte(body), true);
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
      read_pieces(format, openai_options("/v1/chat/completions", true), {body}, false);
  EXPECT_EQ(result.text, "r1f{\"ano\":1}");
}

TEST(OpenAiChatStream, NotesAnErrorInsideTheStream) {
  const std::string body =
      hello + "data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n";
  const ReadResult result =
      read_pieces(format, openai_options("/v1/chat/completions", true), byte_by_byte(body), true);
  EXPECT_EQ(result.reading.error, "overloaded");
  EXPECT_FALSE(result.reading.finished);
  EXPECT_EQ(result.out, body);
}

TEST(OpenAiChatStream, PassesNonsenseOnAndReadsTheRest) {
  const std::string body =
      "data: {\"broken\n\ndata: hello\n\n" + hello + "garbage\n\n" + usage_chunk;
  const ReadResult result =
      read_pieces(format, openai_options("/v1/chat/completions", true), byte_by_byte(body), true);
  EXPECT_EQ(result.out, body);
  EXPECT_EQ(result.reading.usage.total().value(), 5);
}

TEST(OpenAiChatStream, EndsWhenCutAsIfTheTokensHadRunOut) {
  ReaderOptions options = openai_options("/v1/chat/completions", true);
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

TEST(OpenAiChatStream, IsReadTheSameForEverySplit) {
  ReaderOptions strip = openai_options("/v1/chat/completions", true);
  strip.strip_usage = true;
  expect_same_for_every_split(
      format,
      {{strip, hello + ": ping\r\n\r\n" + world + stop + usage_chunk + done},
       {openai_options("/v1/chat/completions", true),
        "data: {\"a\":\r\ndata: 1}\r\n\r\ndata:{\"choices\":[]}\rdata:[DONE]\r\r" + usage_chunk}});
}

}  // namespace
}  // namespace budget::wire
