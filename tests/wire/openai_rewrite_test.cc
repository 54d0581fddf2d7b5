// What the proxy changes in a request to OpenAI, and what it counts in one.
#include <gtest/gtest.h>

#include "proxy/wire/formats.h"
#include "proxy/wire/registry.h"
#include "tests/wire/openai_testing.h"

namespace budget::wire {
namespace {

const Format& format = openai_format();

TEST(OpenAiRewrite, ChangesOnlyWhatItMust) {
  const Dialect* const openai = dialect_named("openai");
  struct Case {
    const char* path;
    const char* body;
    Rewrite rewrite;
    const char* expected;
  };
  const Case cases[] = {
      {"/v1/chat/completions",
       R"({ "model" : "a" , "x":1.0})",
       {.model = "b\"c"},
       R"({ "model" : "b\"c" , "x":1.0})"},
      {"/v1/chat/completions",
       R"({"model":"a"})",
       {.max_output = 5, .dialect = openai},
       R"({"max_completion_tokens":5,"model":"a"})"},
      {"/v1/chat/completions",
       R"({"model":"a"})",
       {.max_output = 5},
       R"({"max_tokens":5,"model":"a"})"},
      {"/v1/chat/completions",
       R"({"model":"a","max_tokens" : 900 })",
       {.max_output = 5, .dialect = openai},
       R"({"model":"a","max_tokens" : 5 })"},
      {"/v1/chat/completions",
       R"({"model":"a","max_tokens":9,"max_completion_tokens":8})",
       {.max_output = 5},
       R"({"model":"a","max_tokens":5,"max_completion_tokens":5})"},
      {"/v1/chat/completions",
       R"({"model":"a","max_tokens":null})",
       {.max_output = 5},
       R"({"model":"a","max_tokens":5})"},
      {"/v1/completions",
       R"({"model":"a"})",
       {.max_output = 5, .dialect = openai},
       R"({"max_tokens":5,"model":"a"})"},
      {"/v1/responses",
       R"({"model":"a"})",
       {.max_output = 5, .dialect = openai},
       R"({"max_output_tokens":5,"model":"a"})"},
      {"/openai/deployments/d/chat/completions", "{ }", {.max_output = 5}, R"({"max_tokens":5 })"},
      {"/v1/chat/completions",
       R"({"model":"a"})",
       {.ask_for_usage = true},
       R"({"stream_options":{"include_usage":true},"model":"a"})"},
      {"/v1/chat/completions",
       R"({"model":"a","stream_options":null})",
       {.ask_for_usage = true},
       R"({"model":"a","stream_options":{"include_usage":true}})"},
      {"/v1/chat/completions",
       R"({"model":"a","stream_options":{ }})",
       {.ask_for_usage = true},
       R"({"model":"a","stream_options":{"include_usage":true }})"},
      {"/v1/chat/completions",
       R"({"model":"a","stream_options":{"x":1}})",
       {.ask_for_usage = true},
       R"({"model":"a","stream_options":{"include_usage":true,"x":1}})"},
      {"/v1/chat/completions",
       R"({"model":"a","stream_options":{"include_usage":false,"x":1}})",
       {.ask_for_usage = true},
       R"({"model":"a","stream_options":{"include_usage":true,"x":1}})"},
      {"/v1/chat/completions",
       R"({"model":"a"})",
       {.model = "b", .max_output = 5, .ask_for_usage = true},
       R"({"max_tokens":5,"stream_options":{"include_usage":true},"model":"b"})"},
      {"/v1/images/generations", R"({"model":"a"})", {.max_output = 5}, R"({"model":"a"})"},
  };
  for (const Case& test : cases) {
    const Route found = post(test.path);
    const RequestView view{"application/json", test.body};
    const auto facts = format.facts(found, view);
    ASSERT_TRUE(facts) << test.body << facts.error();
    const std::string result = format.rewrite(found, view, *facts, test.rewrite);
    EXPECT_EQ(result, test.expected);
    const auto again = format.facts(found, {"application/json", result});
    ASSERT_TRUE(again) << result;
    if (test.rewrite.ask_for_usage) EXPECT_TRUE(again->usage_asked);
    if (test.rewrite.max_output && facts->ceiling_settable) {
      EXPECT_EQ(again->max_output, test.rewrite.max_output);
    }
    EXPECT_EQ(format.rewrite(found, view, *facts, {}), test.body);
  }
}

TEST(OpenAiRewrite, AsksForUsageOnlyWhereItIsUnderstood) {
  const Route route = post(chat);
  const auto facts = facts_of(chat, R"({"model":"m","stream":true})");
  EXPECT_TRUE(format.can_ask_for_usage(route, *facts, *dialect_named("openai")));
  EXPECT_TRUE(format.can_ask_for_usage(route, *facts, *dialect_named("azure")));
  EXPECT_FALSE(format.can_ask_for_usage(route, *facts, *dialect_named("mistral")));
  EXPECT_FALSE(format.can_ask_for_usage(route, *facts, *dialect_named("generic")));
  EXPECT_FALSE(format.can_ask_for_usage(route, *facts_of(chat, R"({"model":"m"})"),
                                        *dialect_named("openai")));
  EXPECT_FALSE(format.can_ask_for_usage(
      route,
      *facts_of(chat, R"({"model":"m","stream":true,"stream_options":{"include_usage":true}})"),
      *dialect_named("openai")));
  EXPECT_FALSE(format.can_ask_for_usage(
      post("/v1/responses"), *facts_of("/v1/responses", R"({"model":"m","stream":true})"),
      *dialect_named("openai")));
}

TEST(OpenAiRewrite, PutsAnotherDeploymentIntoAzuresPath) {
  const std::string_view path = "/openai/deployments/gpt-4o/chat/completions";
  EXPECT_EQ(format.path_with_model(post(path), path, "gpt 4/mini"),
            "/openai/deployments/gpt%204%2Fmini/chat/completions");
  EXPECT_EQ(format.path_with_model(post(chat), chat, "x"), std::nullopt);
}

TEST(OpenAiParts, HoldsEverythingThatIsCounted) {
  const auto parts = format.parts(post(chat), {"application/json", R"({"model":"m","messages":[
    {"role":"system","content":"be\nkind"},
    {"role":"user","name":"bob","content":[{"type":"text","text":"look"},
      {"type":"image_url","image_url":{"url":"https://x/y","detail":"low"}}]},
    {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",
      "function":{"name":"f","arguments":"{\"a\":1}"}}]},
    {"role":"tool","tool_call_id":"c1","content":"ok"}],
    "tools":[{"type":"function","function":{"name":"f"}}]})"});
  ASSERT_EQ(parts.messages.size(), 4U);
  EXPECT_EQ(parts.messages[0].role, "system");
  EXPECT_EQ(parts.messages[0].texts, std::vector<std::string>{"be\nkind"});
  EXPECT_EQ(parts.messages[1].name, "bob");
  EXPECT_EQ(parts.messages[1].texts, std::vector<std::string>{"look"});
  ASSERT_EQ(parts.images.size(), 1U);
  EXPECT_TRUE(parts.images[0].low_detail);
  EXPECT_EQ(parts.messages[2].texts, (std::vector<std::string>{"f", "{\"a\":1}", "c1"}));
  EXPECT_EQ(parts.tool_schemas.size(), 1U);

  EXPECT_EQ(format
                .parts(post("/v1/embeddings"),
                       {"application/json", R"({"model":"e","input":[[1,2],[3]]})"})
                .token_ids,
            3);
  const auto responses =
      format.parts(post("/v1/responses"),
                   {"application/json", R"({"model":"e","input":"a","instructions":"b"})"});
  ASSERT_EQ(responses.messages.size(), 1U);
  EXPECT_EQ(responses.messages[0].role, "user");
  EXPECT_EQ(responses.messages[0].texts, std::vector<std::string>{"a"});
  EXPECT_EQ(responses.texts, std::vector<std::string>{"b"});
}

}  // namespace
}  // namespace budget::wire
