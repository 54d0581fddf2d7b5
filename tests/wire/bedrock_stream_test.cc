#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proxy/wire/aws_event_stream.h"
#include "proxy/wire/aws_frame.h"
#include "proxy/wire/formats.h"
#include "proxy/wire/json.h"
#include "proxy/wire/media.h"
#include "tests/wire/format_testing.h"

namespace budget::wire {
namespace {

constexpr std::string_view event_stream = "application/vnd.amazon.eventstream";

using Totals = std::array<std::int64_t, 3>;

ReaderOptions converse_options() {
  return options_for(bedrock_format(), "/model/amazon.nova-lite-v1%3A0/converse-stream",
                     event_stream, true);
}

ReaderOptions invoke_options(std::string_view model) {
  return options_for(bedrock_format(),
                     "/model/" + std::string(model) + "/invoke-with-response-stream", event_stream,
                     true);
}

std::string chunk(std::string_view json) {
  return encode_event("chunk", R"({"bytes":")" + encode_base64(json) + R"(","p":"abcdef"})");
}

const std::string begun =
    encode_event("messageStart", R"({"role":"assistant","p":"ab"})") +
    encode_event("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"Hi "}})") +
    encode_event("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"there"}})");
const std::string whole =
    begun + encode_event("contentBlockStop", R"({"contentBlockIndex":0})") +
    encode_event("messageStop", R"({"stopReason":"end_turn"})") +
    encode_event(
        "metadata",
        R"({"metrics":{"latencyMs":5841},"p":"abc","usage":{"inputTokens":15,"outputTokens":142,"totalTokens":157}})");

// The names (and for chunks the JSON) of the frames in a stream.
std::vector<std::string> frames_of(std::string_view stream) {
  FrameSplitter splitter;
  splitter.feed(stream);
  EventFrame frame;
  std::vector<std::string> names;
  while (splitter.next(&frame) == FrameStatus::whole) {
    std::string name(frame.event_type);
    if (name == "chunk") {
      const auto payload = parse_json(frame.payload);
      name = *decode_base64(reported_string(payload->element(), "bytes"));
    }
    names.push_back(name);
  }
  EXPECT_EQ(splitter.rest(), "");
  return names;
}

TEST(BedrockStream, ReadsUsageFromTheLastFrame) {
  const ReadResult read = read_every_way(bedrock_format(), converse_options(), whole);
  EXPECT_EQ(totals(read.reading.usage), (Totals{15, 142, 157}));
  EXPECT_EQ(read.text, "Hi there");
  EXPECT_TRUE(read.reading.finished && read.reading.input_reported && read.reading.output_reported);
  const ReadResult broken_off = read_every_way(bedrock_format(), converse_options(), begun);
  EXPECT_FALSE(broken_off.reading.finished || broken_off.reading.output_reported);
  EXPECT_FALSE(broken_off.reading.malformed);
}

TEST(BedrockStream, CountsInvocationMetricsOnce) {
  const std::string nova = chunk(
      R"({"metadata":{"usage":{"inputTokens":47,"outputTokens":12,"cacheReadInputTokenCount":0,"cacheWriteInputTokenCount":0},"metrics":{},"trace":{}},"amazon-bedrock-invocationMetrics":{"inputTokenCount":47,"outputTokenCount":12,"invocationLatency":416,"firstByteLatency":300,"cacheReadInputTokenCount":0,"cacheWriteInputTokenCount":0}})");
  const ReadResult read = read_every_way(
      bedrock_format(), invoke_options("us.amazon.nova-lite-v1%3A0"),
      chunk(R"({"contentBlockDelta":{"delta":{"text":"Hi"},"contentBlockIndex":0}})") + nova);
  EXPECT_EQ(totals(read.reading.usage), (Totals{47, 12, 59}));
  EXPECT_EQ(read.text, "Hi");
  EXPECT_TRUE(read.reading.finished);

  const ReadResult claude = read_every_way(
      bedrock_format(), invoke_options("anthropic.claude-3-haiku-20240307-v1%3A0"),
      chunk(
          R"({"type":"message_start","message":{"id":"m","model":"claude-3-haiku","usage":{"input_tokens":5,"cache_read_input_tokens":7,"output_tokens":1}}})") +
          chunk(
              R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}})") +
          chunk(
              R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}})") +
          chunk(
              R"({"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":5,"outputTokenCount":3,"invocationLatency":1,"firstByteLatency":1}})"));
  EXPECT_EQ(totals(claude.reading.usage), (Totals{12, 3, 15}));
  EXPECT_EQ(claude.text, "Hi");
}

TEST(BedrockStream, TellsWhatWentWrong) {
  const ReadResult failed = read_every_way(
      bedrock_format(), converse_options(),
      begun + encode_exception("modelStreamErrorException", R"({"message":"the model failed"})"));
  EXPECT_EQ(failed.reading.error, "the model failed");
  EXPECT_FALSE(failed.reading.finished);
  const ReadResult fault = read_every_way(
      bedrock_format(), converse_options(),
      encode_frame(
          {{":message-type", "error"}, {":error-code", "InternalError"}, {":error-message", "oh"}},
          ""));
  EXPECT_EQ(fault.reading.error, "oh");

  std::string damaged = whole;
  damaged[begun.size() + 20] ^= 1;
  const ReadResult read = read_every_way(bedrock_format(), converse_options(), damaged);
  EXPECT_TRUE(read.reading.malformed);
  EXPECT_FALSE(read.reading.finished);
  EXPECT_EQ(read.text, "Hi there");

  const ReadResult html =
      read_every_way(bedrock_format(), converse_options(), "<html>this is no frame</html>");
  EXPECT_TRUE(html.reading.malformed);
}

pricing::Usage some_usage() {
  pricing::Usage usage;
  usage.input = pricing::Tokens(15);
  usage.cache_read = pricing::Tokens(3);
  usage.output = pricing::Tokens(2);
  return usage;
}

TEST(BedrockStream, IsCutLikeOneThatRanOutOfTokens) {
  const std::string cut = ending_after(bedrock_format(), converse_options(), begun, some_usage());
  EXPECT_EQ(frames_of(cut),
            (std::vector<std::string>{"messageStart", "contentBlockDelta", "contentBlockDelta",
                                      "contentBlockStop", "messageStop", "metadata"}));
  EXPECT_TRUE(cut.contains(R"({"stopReason":"max_tokens"})"));
  // Only whole frames were passed, so an end fits wherever the bytes stopped.
  for (std::size_t at = 0; at <= whole.size(); ++at) {
    const std::string body =
        ending_after(bedrock_format(), converse_options(), whole.substr(0, at), some_usage());
    const ReadResult read = read_pieces(bedrock_format(), converse_options(), {body}, false);
    ASSERT_TRUE(read.reading.finished) << at;
    ASSERT_FALSE(read.reading.malformed) << at;
    if (at < whole.size()) {
      ASSERT_EQ(totals(read.reading.usage), (Totals{18, 2, 20})) << at;
    }
  }
}

TEST(BedrockStream, IsCutInEachVendorsWords) {
  const std::string metrics =
      R"("amazon-bedrock-invocationMetrics":{"inputTokenCount":15,"outputTokenCount":2,)"
      R"("invocationLatency":0,"firstByteLatency":0,"cacheReadInputTokenCount":3,"cacheWriteInputTokenCount":0}})";
  struct Case {
    const char* model;
    std::string said;
    std::string last;
  };
  const Case cases[] = {
      {"meta.llama3-8b", R"({"generation":"Hi"})", R"({"generation":"","stop_reason":"length",)"},
      {"amazon.titan-text-express-v1", R"({"outputText":"Hi","index":0})",
       R"({"outputText":"","index":0,"completionReason":"LENGTH",)"},
      {"mistral.mistral-7b", R"({"outputs":[{"text":"Hi","stop_reason":null}]})",
       R"({"outputs":[{"text":"","stop_reason":"length"}],)"},
      {"cohere.command-r-v1%3A0", R"({"is_finished":false,"text":"Hi"})",
       R"({"is_finished":true,"finish_reason":"MAX_TOKENS","text":"",)"},
      {"ai21.jamba-1-5-mini-v1%3A0", R"({"choices":[{"index":0,"delta":{"content":"Hi"}}]})",
       R"({"choices":[{"index":0,"delta":{},"finish_reason":"length"}],)"},
      {"anthropic.claude-3-haiku",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}})",
       R"({"type":"message_stop",)"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.model);
    const ReaderOptions options = invoke_options(c.model);
    const std::string cut = ending_after(bedrock_format(), options, chunk(c.said), some_usage());
    const std::vector<std::string> frames = frames_of(cut);
    ASSERT_GE(frames.size(), 2U);
    EXPECT_EQ(frames.back(), c.last + metrics);
    const ReadResult read = read_pieces(bedrock_format(), options, {cut}, false);
    EXPECT_TRUE(read.reading.finished);
    EXPECT_EQ(read.text, "Hi");
    EXPECT_EQ(totals(read.reading.usage), (Totals{18, 2, 20}));
  }
  const ReaderOptions opaque =
      invoke_options("arn%3Aaws%3Abedrock%3Ax%3A1%3Aprovisioned-model%2Fabc");
  EXPECT_EQ(bedrock_format().reader(opaque)->cut_ending(some_usage()), "");
}

TEST(BedrockStream, CutsNovasEventsInTheirChunks) {
  const ReaderOptions options = invoke_options("amazon.nova-lite-v1%3A0");
  const std::string said =
      chunk(R"({"messageStart":{"role":"assistant"}})") +
      chunk(R"({"contentBlockDelta":{"delta":{"text":"Hi"},"contentBlockIndex":0}})");
  const std::vector<std::string> frames =
      frames_of(ending_after(bedrock_format(), options, said, some_usage()));
  ASSERT_EQ(frames.size(), 5U);
  EXPECT_EQ(frames[2], R"({"contentBlockStop":{"contentBlockIndex":0}})");
  EXPECT_EQ(frames[3], R"({"messageStop":{"stopReason":"max_tokens"}})");
  EXPECT_TRUE(frames[4].starts_with(R"({"metadata":{"usage":{"inputTokens":15,)"));
}

TEST(BedrockRefusal, SpeaksTheFormatsWords) {
  struct Case {
    ProblemKind kind;
    int status;
    const char* type;
  };
  const Case cases[] = {
      {ProblemKind::budget_exceeded, 429, "ThrottlingException"},
      {ProblemKind::key_invalid, 401, "UnrecognizedClientException"},
      {ProblemKind::unmetered_path, 403, "AccessDeniedException"},
      {ProblemKind::invalid_request, 400, "ValidationException"},
      {ProblemKind::unknown_provider, 404, "ResourceNotFoundException"},
      {ProblemKind::store_unavailable, 503, "ServiceUnavailableException"},
      {ProblemKind::upstream_timeout, 504, "ModelTimeoutException"},
      {ProblemKind::internal, 500, "InternalServerException"},
  };
  for (const Case& c : cases) {
    const ErrorAnswer answer =
        bedrock_format().refusal({.kind = c.kind, .message = "m\n", .request_id = "r"});
    EXPECT_EQ(answer.status, c.status);
    EXPECT_EQ(answer.body, R"({"message":"m\n"})");
    const std::pair<std::string, std::string> type = {"x-amzn-errortype", c.type};
    EXPECT_NE(std::ranges::find(answer.headers, type), answer.headers.end()) << c.type;
  }
}

}  // namespace
}  // namespace budget::wire
