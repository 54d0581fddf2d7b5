// Usage arithmetic: prompts, caches, reasoning, several choices, JSON.
#include "proxy/simulated/speech.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "pricing/tokens/count.h"
#include "tests/simulated/played.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

constexpr const char* chat = "/v1/chat/completions";

std::string chat_body(std::string_view more) {
  return R"({"model":"gpt-4o","messages":[{"role":"system","content":"You are a helpful assistant."},)"
         R"({"role":"user","content":"hello world"}])" +
         std::string(more) + "}";
}

TEST(Usage, CountsTheChatPromptByOpenAisFormula) {
  // The published example for gpt-4o: 10 tokens of roles and contents, 3 for
  // each message, 3 for the reply.
  EXPECT_EQ(at(post(chat, chat_body("")).json(), "/usage/prompt_tokens"), "19");
}

TEST(Usage, CountsTheResponsesPromptAsRecorded) {
  const json::value answer =
      post("/v1/responses", R"({"model":"gpt-4o-mini","input":"Say hello."})").json();
  EXPECT_EQ(at(answer, "/usage/input_tokens"), "10");
}

TEST(Usage, CountsTokenIdsAsOneEach) {
  const json::value answer =
      post("/v1/embeddings",
           R"({"model":"text-embedding-3-small","input":[4438,656,358,7738,856],"dimensions":2})")
          .json();
  EXPECT_EQ(at(answer, "/usage/prompt_tokens"), "5");
}

TEST(Usage, SumsTheChoices) {
  const json::value answer =
      post(chat, chat_body(R"(,"n":3)"), {{"x-simulate-output-tokens", "11"}}).json();
  EXPECT_EQ(at(answer, "/usage/completion_tokens"), "33");
  EXPECT_EQ(at(answer, "/choices/2/index"), "2");
  EXPECT_NE(at(answer, "/choices/0/message/content"), at(answer, "/choices/2/message/content"));
}

struct CacheCase {
  const char* target;
  const char* body;
  const char* input;
  const char* cached;
  bool inside;  // cached tokens are part of the input figure
};

TEST(Usage, KeepsCachedTokensWithinThePrompt) {
  const char* messages =
      R"("messages":[{"role":"user","content":"one two three four five six seven"}])";
  const std::string openai = std::string(R"({"model":"gpt-4o",)") + messages + "}";
  const std::string anthropic =
      std::string(R"({"model":"claude","max_tokens":100,)") + messages + "}";
  const char* gemini = R"({"contents":[{"parts":[{"text":"one two three four five six seven"}]}]})";
  const char* converse =
      R"({"messages":[{"role":"user","content":[{"text":"one two three four five six seven"}]}]})";
  const CacheCase cases[] = {
      {chat, openai.c_str(), "/usage/prompt_tokens", "/usage/prompt_tokens_details/cached_tokens",
       true},
      {"/v1/messages", anthropic.c_str(), "/usage/input_tokens", "/usage/cache_read_input_tokens",
       false},
      {"/v1beta/models/m:generateContent", gemini, "/usageMetadata/promptTokenCount",
       "/usageMetadata/cachedContentTokenCount", true},
      {"/model/m/converse", converse, "/usage/inputTokens", "/usage/cacheReadInputTokens", false},
  };
  for (const CacheCase& each : cases) {
    const auto input = std::stoll(at(post(each.target, each.body).json(), each.input));
    const json::value some =
        post(each.target, each.body, {{"x-simulate-cached-tokens", "4"}}).json();
    EXPECT_EQ(at(some, each.cached), "4") << each.target;
    EXPECT_EQ(std::stoll(at(some, each.input)), each.inside ? input : input - 4) << each.target;
    const json::value all =
        post(each.target, each.body, {{"x-simulate-cached-tokens", "9999"}}).json();
    EXPECT_EQ(std::stoll(at(all, each.cached)), input) << each.target;
  }
}

TEST(Usage, CountsReasoningWithinTheOutputButBesideItForGemini) {
  const Headers headers = {{"x-simulate-output-tokens", "30"},
                           {"x-simulate-reasoning-tokens", "12"}};
  const json::value openai = post(chat, chat_body(""), headers).json();
  EXPECT_EQ(at(openai, "/usage/completion_tokens"), "30");
  EXPECT_EQ(at(openai, "/usage/completion_tokens_details/reasoning_tokens"), "12");
  EXPECT_EQ(
      pricing::count_tokens(pricing::Encoding::o200k_base, at(openai, "/choices/0/message/content"))
          .value(),
      18);

  const json::value gemini = post("/v1beta/models/m:generateContent",
                                  R"({"contents":[{"parts":[{"text":"Hello"}]}]})", headers)
                                 .json();
  EXPECT_EQ(at(gemini, "/usageMetadata/candidatesTokenCount"), "30");
  EXPECT_EQ(at(gemini, "/usageMetadata/thoughtsTokenCount"), "12");
  EXPECT_EQ(at(gemini, "/usageMetadata/totalTokenCount"), "43");
}

TEST(Usage, CutsReasoningAtTheCeilingFirst) {
  const json::value gemini =
      post(
          "/v1beta/models/m:generateContent",
          R"({"contents":[{"parts":[{"text":"Hello"}]}],"generationConfig":{"maxOutputTokens":8}})",
          {{"x-simulate-reasoning-tokens", "12"}})
          .json();
  EXPECT_EQ(at(gemini, "/usageMetadata/candidatesTokenCount"), "0");
  EXPECT_EQ(at(gemini, "/usageMetadata/thoughtsTokenCount"), "8");
  EXPECT_EQ(at(gemini, "/candidates/0/finishReason"), "MAX_TOKENS");
}

TEST(Usage, ThinksAloudWhenAnthropicIsAskedTo) {
  const std::string body =
      R"({"model":"claude","max_tokens":4000,"thinking":{"type":"enabled","budget_tokens":2000},)"
      R"("messages":[{"role":"user","content":"Hi"}])";
  const json::value whole = post("/v1/messages", body + "}").json();
  EXPECT_EQ(at(whole, "/content/0/type"), "thinking");
  EXPECT_EQ(at(whole, "/content/1/type"), "text");
  const auto events = post("/v1/messages", body + R"(,"stream":true})").events();
  std::string thought;
  for (const json::value& event : events) thought += at(event, "/delta/thinking");
  EXPECT_EQ(thought, at(whole, "/content/0/thinking"));
}

TEST(Json, IsWhatTheRequestAskedFor) {
  const json::value free =
      post(chat, chat_body(R"(,"response_format":{"type":"json_object"})")).json();
  const std::string text = at(free, "/choices/0/message/content");
  EXPECT_TRUE(json::parse(text).is_object());
  EXPECT_EQ(std::to_string(pricing::count_tokens(pricing::Encoding::o200k_base, text).value()),
            at(free, "/usage/completion_tokens"));

  const json::value cut =
      post(chat, chat_body(R"(,"response_format":{"type":"json_object"},"max_tokens":4)")).json();
  EXPECT_EQ(at(cut, "/choices/0/finish_reason"), "length");
  EXPECT_LE(std::stoll(at(cut, "/usage/completion_tokens")), 4);
}

struct SchemaCase {
  const char* schema;
  const char* smallest;
};

TEST(Schema, HasASmallestValue) {
  const SchemaCase cases[] = {
      {R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}},"required":["b"]})",
       R"({"b":1})"},
      {R"({"type":"object","properties":{}})", "{}"},
      {R"({"type":"array","items":{"type":"boolean"},"minItems":2})", "[true,true]"},
      {R"({"enum":["c","f"]})", R"("c")"},
      {R"({"const":7})", "7"},
      {R"({"type":["null","number"],"minimum":3})", "3"},
      {R"({"anyOf":[{"type":"string"},{"type":"null"}]})", R"("word")"},
      {R"({"type":"OBJECT","properties":{"a":{"type":"STRING","maxLength":2}},"required":["a"]})",
       R"({"a":"wo"})"},
      {R"({"$ref":"#/$defs/x","$defs":{"x":{"type":"string","format":"date"}}})",
       R"("2026-01-01")"},
      {"{}", "{}"},
      {"true", "{}"},
  };
  for (const SchemaCase& each : cases) {
    const json::value schema = json::parse(each.schema);
    EXPECT_EQ(smallest_of(&schema), each.smallest) << each.schema;
  }
  EXPECT_EQ(smallest_of(nullptr), "{}");
}

TEST(Schema, ThatNeverEndsGivesABoundedValue) {
  const json::value schema = json::parse(
      R"({"type":"object","properties":{"a":{"$ref":"#"},"b":{"$ref":"#"}},"required":["a","b"]})");
  const std::string value = smallest_of(&schema);
  EXPECT_LT(value.size(), 20'000u);
  EXPECT_TRUE(json::parse(value).is_object());
}

}  // namespace
}  // namespace budget::simulated
