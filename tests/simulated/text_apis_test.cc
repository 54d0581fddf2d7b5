// Every API that makes text, in one table: what must hold for all of them.
#include <gtest/gtest.h>

#include <string>

#include "pricing/tokens/count.h"
#include "tests/simulated/played.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

// JSON pointers into a plain answer and into a stream's events.
struct TextApi {
  const char* name;
  const char* plain_target;
  const char* stream_target;
  const char* body;  // $C the ceiling, $S what asks for a stream, in the body
  const char* stream_flag;
  const char* plain_flag;
  const char* plain_text;
  const char* delta_text;
  const char* plain_output;  // the output tokens; "" when only headers have them
  const char* stream_output;
  const char* plain_reason;
  const char* stream_reason;
  const char* cut;  // the reason when the ceiling was reached
};

constexpr const char* chat_flag = R"(,"stream":true,"stream_options":{"include_usage":true})";
constexpr const char* stream_flag = R"(,"stream":true)";
constexpr const char* messages_body =
    R"({"model":"claude-opus-4-5","max_tokens":$C,"messages":[{"role":"user","content":"Hello"}]$S})";
constexpr const char* gemini_body =
    R"({"contents":[{"role":"user","parts":[{"text":"Hello"}]}],"generationConfig":{"maxOutputTokens":$C}})";

const TextApi apis[] = {
    {"chat", "/v1/chat/completions", "/v1/chat/completions",
     R"({"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}],"max_tokens":$C$S})",
     chat_flag, "", "/choices/0/message/content", "/choices/0/delta/content",
     "/usage/completion_tokens", "/usage/completion_tokens", "/choices/0/finish_reason",
     "/choices/0/finish_reason", "length"},
    {"azure", "/openai/deployments/gpt-4o/chat/completions",
     "/openai/deployments/gpt-4o/chat/completions",
     R"({"messages":[{"role":"user","content":"Hello"}],"max_completion_tokens":$C$S})", chat_flag,
     "", "/choices/0/message/content", "/choices/0/delta/content", "/usage/completion_tokens",
     "/usage/completion_tokens", "/choices/0/finish_reason", "/choices/0/finish_reason", "length"},
    {"completions", "/v1/completions", "/v1/completions",
     R"({"model":"gpt-3.5-turbo-instruct","prompt":"Hello","max_tokens":$C$S})", chat_flag, "",
     "/choices/0/text", "/choices/0/text", "/usage/completion_tokens", "/usage/completion_tokens",
     "/choices/0/finish_reason", "/choices/0/finish_reason", "length"},
    {"responses", "/v1/responses", "/v1/responses",
     R"({"model":"gpt-4o","input":"Hello","max_output_tokens":$C$S})", stream_flag, "",
     "/output/0/content/0/text", "/delta", "/usage/output_tokens", "/response/usage/output_tokens",
     "/incomplete_details/reason", "/response/incomplete_details/reason", "max_output_tokens"},
    {"anthropic", "/v1/messages", "/v1/messages", messages_body, stream_flag, "", "/content/0/text",
     "/delta/text", "/usage/output_tokens", "/usage/output_tokens", "/stop_reason",
     "/delta/stop_reason", "max_tokens"},
    {"vertex anthropic",
     "/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-4-5:rawPredict",
     "/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-4-5:streamRawPredict",
     messages_body, stream_flag, "", "/content/0/text", "/delta/text", "/usage/output_tokens",
     "/usage/output_tokens", "/stop_reason", "/delta/stop_reason", "max_tokens"},
    {"gemini", "/v1beta/models/gemini-2.5-pro:generateContent",
     "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", gemini_body, "", "",
     "/candidates/0/content/parts/0/text", "/candidates/0/content/parts/0/text",
     "/usageMetadata/candidatesTokenCount", "/usageMetadata/candidatesTokenCount",
     "/candidates/0/finishReason", "/candidates/0/finishReason", "MAX_TOKENS"},
    {"vertex gemini array",
     "/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:generateContent",
     "/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:streamGenerateContent",
     gemini_body, "", "", "/candidates/0/content/parts/0/text",
     "/candidates/0/content/parts/0/text", "/usageMetadata/candidatesTokenCount",
     "/usageMetadata/candidatesTokenCount", "/candidates/0/finishReason",
     "/candidates/0/finishReason", "MAX_TOKENS"},
    {"converse", "/model/us.anthropic.claude-opus-4-5-v1%3A0/converse",
     "/model/us.anthropic.claude-opus-4-5-v1%3A0/converse-stream",
     R"({"messages":[{"role":"user","content":[{"text":"Hello"}]}],"inferenceConfig":{"maxTokens":$C}})",
     "", "", "/output/message/content/0/text", "/delta/text", "/usage/outputTokens",
     "/usage/outputTokens", "/stopReason", "/stopReason", "max_tokens"},
    {"invoke anthropic", "/model/anthropic.claude-opus-4-5/invoke",
     "/model/anthropic.claude-opus-4-5/invoke-with-response-stream",
     R"({"anthropic_version":"bedrock-2023-05-31","max_tokens":$C,"messages":[{"role":"user","content":"Hello"}]})",
     "", "", "/content/0/text", "/delta/text", "/usage/output_tokens",
     "/amazon-bedrock-invocationMetrics/outputTokenCount", "/stop_reason", "/delta/stop_reason",
     "max_tokens"},
    {"invoke titan", "/model/amazon.titan-text-express-v1/invoke",
     "/model/amazon.titan-text-express-v1/invoke-with-response-stream",
     R"({"inputText":"Hello","textGenerationConfig":{"maxTokenCount":$C}})", "", "",
     "/results/0/outputText", "/outputText", "/results/0/tokenCount", "/totalOutputTextTokenCount",
     "/results/0/completionReason", "/completionReason", "LENGTH"},
    {"invoke llama", "/model/meta.llama3-8b-instruct-v1:0/invoke",
     "/model/meta.llama3-8b-instruct-v1:0/invoke-with-response-stream",
     R"({"prompt":"Hello","max_gen_len":$C})", "", "", "/generation", "/generation",
     "/generation_token_count", "/generation_token_count", "/stop_reason", "/stop_reason",
     "length"},
    {"invoke nova", "/model/amazon.nova-lite-v1:0/invoke",
     "/model/amazon.nova-lite-v1:0/invoke-with-response-stream",
     R"({"messages":[{"role":"user","content":[{"text":"Hello"}]}],"inferenceConfig":{"max_new_tokens":$C}})",
     "", "", "/output/message/content/0/text", "/contentBlockDelta/delta/text",
     "/usage/outputTokens", "/metadata/usage/outputTokens", "/stopReason",
     "/messageStop/stopReason", "max_tokens"},
    {"invoke mistral", "/model/mistral.mistral-7b-instruct-v0:2/invoke",
     "/model/mistral.mistral-7b-instruct-v0:2/invoke-with-response-stream",
     R"({"prompt":"Hello","max_tokens":$C})", "", "", "/outputs/0/text", "/outputs/0/text", "",
     "/amazon-bedrock-invocationMetrics/outputTokenCount", "/outputs/0/stop_reason",
     "/outputs/0/stop_reason", "length"},
    {"cohere", "/v2/chat", "/v2/chat",
     R"({"model":"command-r","messages":[{"role":"user","content":"Hello"}],"max_tokens":$C$S})",
     stream_flag, "", "/message/content/0/text", "/delta/message/content/text",
     "/usage/billed_units/output_tokens", "/delta/usage/billed_units/output_tokens",
     "/finish_reason", "/delta/finish_reason", "MAX_TOKENS"},
    {"ollama chat", "/api/chat", "/api/chat",
     R"({"model":"llama3.2","messages":[{"role":"user","content":"Hello"}],"options":{"num_predict":$C}$S})",
     "", R"(,"stream":false)", "/message/content", "/message/content", "/eval_count", "/eval_count",
     "/done_reason", "/done_reason", "length"},
    {"ollama generate", "/api/generate", "/api/generate",
     R"({"model":"llama3.2","prompt":"Hello","options":{"num_predict":$C}$S})", "",
     R"(,"stream":false)", "/response", "/response", "/eval_count", "/eval_count", "/done_reason",
     "/done_reason", "length"},
};

std::string body_of(const TextApi& api, int ceiling, bool stream) {
  std::string body = api.body;
  body.replace(body.find("$C"), 2, std::to_string(ceiling));
  const std::size_t at_flag = body.find("$S");
  if (at_flag != std::string::npos)
    body.replace(at_flag, 2, stream ? api.stream_flag : api.plain_flag);
  return body;
}

Played plain(const TextApi& api, int ceiling, Headers headers) {
  return post(api.plain_target, body_of(api, ceiling, false), std::move(headers));
}
Played streamed(const TextApi& api, int ceiling, Headers headers) {
  return post(api.stream_target, body_of(api, ceiling, true), std::move(headers));
}

std::string joined(const std::vector<json::value>& events, const char* pointer) {
  std::string text;
  for (const json::value& event : events) text += at(event, pointer);
  return text;
}
// The last event that has a number or a text there tells.
std::string last(const std::vector<json::value>& events, const char* pointer) {
  std::string text;
  for (const json::value& event : events) {
    const std::string found = at(event, pointer);
    if (!found.empty() && found != "null") text = found;
  }
  return text;
}

std::int64_t tokens_in(const std::string& text) {
  return pricing::count_tokens(pricing::Encoding::o200k_base, text).value();
}

class TextApis : public testing::TestWithParam<TextApi> {};

TEST_P(TextApis, StreamTheWordsOfThePlainAnswer) {
  const std::string whole = at(plain(GetParam(), 500, {}).json(), GetParam().plain_text);
  const Played stream = streamed(GetParam(), 500, {});
  EXPECT_GE(tokens_in(whole), 20);
  EXPECT_LE(tokens_in(whole), 60);
  EXPECT_EQ(joined(stream.events(), GetParam().delta_text), whole);
  EXPECT_GE(stream.piece_sizes.size(), 4u);
}

TEST_P(TextApis, ReportTheTokensThatTheirTextHas) {
  const Headers headers = {{"x-simulate-output-tokens", "33"}};
  const json::value whole = plain(GetParam(), 500, headers).json();
  EXPECT_EQ(tokens_in(at(whole, GetParam().plain_text)), 33);
  if (*GetParam().plain_output != '\0') {
    EXPECT_EQ(std::stod(at(whole, GetParam().plain_output)), 33);
  }
  EXPECT_EQ(std::stod(last(streamed(GetParam(), 500, headers).events(), GetParam().stream_output)),
            33);
  EXPECT_NE(at(whole, GetParam().plain_reason), GetParam().cut);
}

TEST_P(TextApis, NeverSayMoreThanTheCeilingAndEndAsTheFormatDoes) {
  const Headers headers = {{"x-simulate-output-tokens", "1000"}};
  const std::string longer = at(plain(GetParam(), 1000, headers).json(), GetParam().plain_text);
  for (const int ceiling : {1, 7, 40}) {
    const json::value whole = plain(GetParam(), ceiling, headers).json();
    const auto events = streamed(GetParam(), ceiling, headers).events();
    EXPECT_EQ(tokens_in(at(whole, GetParam().plain_text)), ceiling);
    EXPECT_EQ(at(whole, GetParam().plain_reason), GetParam().cut);
    EXPECT_EQ(last(events, GetParam().stream_reason), GetParam().cut);
    EXPECT_EQ(std::stod(last(events, GetParam().stream_output)), ceiling);
    EXPECT_TRUE(longer.starts_with(at(whole, GetParam().plain_text)));
    EXPECT_EQ(joined(events, GetParam().delta_text), at(whole, GetParam().plain_text));
  }
}

TEST_P(TextApis, AreTheSameByteForByteEveryTimeAndHoweverTheyAreSliced) {
  for (const bool stream : {false, true}) {
    const auto ask = [&](Headers headers) {
      return stream ? streamed(GetParam(), 500, std::move(headers))
                    : plain(GetParam(), 500, std::move(headers));
    };
    const Played first = ask({});
    EXPECT_EQ(ask({}).body, first.body);
    EXPECT_EQ(ask({}).answer.headers, first.answer.headers);
    for (const char* slice : {"1", "7", "100000"}) {
      EXPECT_EQ(ask({{"x-simulate-chunk-bytes", slice}}).body, first.body) << slice;
    }
    EXPECT_EQ(first.answer.streamed, stream);
  }
}

TEST_P(TextApis, LeaveUsageOutWhenItIsSteeredAway) {
  const Headers headers = {{"x-simulate-usage", "missing"}};
  const Played whole = plain(GetParam(), 500, headers);
  if (*GetParam().plain_output != '\0') {
    const std::string output = at(whole.json(), GetParam().plain_output);
    EXPECT_TRUE(output.empty() || output == "null") << output;
  }
  EXPECT_EQ(last(streamed(GetParam(), 500, headers).events(), GetParam().stream_output), "");
  EXPECT_EQ(whole.header("x-amzn-bedrock-output-token-count"), "");
}

INSTANTIATE_TEST_SUITE_P(All, TextApis, testing::ValuesIn(apis), [](const auto& each) {
  std::string name = each.param.name;
  std::ranges::replace(name, ' ', '_');
  return name;
});

TEST(TextApi, KeepsUsageFromAChatStreamThatDidNotAsk) {
  const auto events =
      post("/v1/chat/completions",
           R"({"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"stream":true})")
          .events();
  for (const json::value& event : events)
    EXPECT_EQ(event.as_object().if_contains("usage"), nullptr);
}

TEST(TextApi, SaysUsageNullOnEveryOtherChunkOfAStreamThatAsked) {
  const Played played =
      post("/v1/chat/completions",
           R"({"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"stream":true,)"
           R"("stream_options":{"include_usage":true}})");
  const auto events = played.events();
  for (std::size_t i = 0; i + 1 < events.size(); ++i) EXPECT_EQ(at(events[i], "/usage"), "null");
  EXPECT_EQ(at(events.back(), "/choices"), "[]");
  EXPECT_TRUE(played.body.ends_with("\n\ndata: [DONE]\n\n"));
}

TEST(TextApi, NumbersTheEventsOfAResponsesStreamWithoutAGap) {
  for (const char* reasoning : {"0", "5"}) {
    const auto events = post("/v1/responses", R"({"model":"gpt-4o","input":"Hi","stream":true})",
                             {{"x-simulate-reasoning-tokens", reasoning}})
                            .events();
    for (std::size_t i = 0; i < events.size(); ++i) {
      EXPECT_EQ(at(events[i], "/sequence_number"), std::to_string(i));
    }
    EXPECT_EQ(at(events.back(), "/type"), "response.completed");
  }
}

}  // namespace
}  // namespace budget::simulated
