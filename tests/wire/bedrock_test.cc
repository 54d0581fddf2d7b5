#include <gtest/gtest.h>

#include <string>

#include "proxy/wire/bedrock_body.h"
#include "proxy/wire/bedrock_vendor.h"
#include "proxy/wire/formats.h"
#include "tests/wire/format_testing.h"

namespace budget::wire {
namespace {

constexpr std::string_view converse =
    "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse";

using Totals = std::array<std::int64_t, 3>;

std::string invoke_path(std::string_view model, bool stream = false) {
  return "/model/" + std::string(model) + (stream ? "/invoke-with-response-stream" : "/invoke");
}

TEST(BedrockRoute, KnowsItsPathsAndNoOthers) {
  struct Case {
    std::string path;
    std::optional<Billing> billing;
    std::string model;
    bool stream;
  };
  const auto metered = Billing::metered;
  const std::string claude = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
  const Case cases[] = {
      {"/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse", metered, claude, false},
      {"/model/us.anthropic.claude-haiku-4-5-20251001-v1:0/converse-stream", metered, claude, true},
      {"/model/"
       "arn%3Aaws%3Abedrock%3Aus-east-1%3A%3Afoundation-model%2Fmeta.llama3-8b-instruct-v1%3A0/"
       "invoke",
       metered, "meta.llama3-8b-instruct-v1:0", false},
      {"/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2F" + claude + "/invoke",
       metered, claude, false},
      {"/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fabc/converse",
       metered, "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", false},
      {"/model/amazon.titan-embed-text-v2%3A0/invoke", metered, "amazon.titan-embed-text-v2:0",
       false},
      {"/model/x/count-tokens", Billing::free, "x", false},
      {"/model/amazon.nova-canvas-v1%3A0/invoke", Billing::unmetered, "amazon.nova-canvas-v1:0",
       false},
      {"/model/stability.sd3/invoke", Billing::unmetered, "stability.sd3", false},
      {"/model/x/invoke-with-bidirectional-stream", std::nullopt, "", false},
      {"/model/x/converse/", std::nullopt, "", false},
      {"/model//converse", std::nullopt, "", false},
      {"/model/a/b/converse", std::nullopt, "", false},
      {"/model/%2e%2e/converse", std::nullopt, "", false},
      {"/model/x/%63onverse", std::nullopt, "", false},
      {"/guardrail/g/version/1/apply", std::nullopt, "", false},
      {"/async-invoke", std::nullopt, "", false},
  };
  for (const Case& c : cases) {
    const auto route = bedrock_format().route("POST", c.path, "");
    ASSERT_EQ(route.has_value(), c.billing.has_value()) << c.path;
    if (!route) continue;
    EXPECT_EQ(route->billing, *c.billing) << c.path;
    EXPECT_EQ(route->model, c.model) << c.path;
    EXPECT_EQ(route->stream, c.stream) << c.path;
  }
  EXPECT_EQ(bedrock_format().path_with_model(route_for(bedrock_format(), converse), converse,
                                             "amazon.nova-lite-v1:0"),
            "/model/amazon.nova-lite-v1%3A0/converse");
  const auto moved = [](std::string_view from, std::string_view to) {
    const std::string path = invoke_path(from);
    return bedrock_format().path_with_model(route_for(bedrock_format(), path), path, to);
  };
  EXPECT_EQ(moved("meta.llama3-70b", "meta.llama3-8b"), "/model/meta.llama3-8b/invoke");
  EXPECT_EQ(moved("meta.llama3-70b", "amazon.nova-lite-v1:0"), std::nullopt);
}

TEST(BedrockVendor, IsFoundBehindARegion) {
  EXPECT_EQ(bedrock_vendor_of("eu.amazon.nova-pro-v1:0").shape, BedrockShape::nova);
  EXPECT_EQ(bedrock_vendor_of("global.anthropic.claude-opus-4-5-v1:0").shape,
            BedrockShape::anthropic);
  EXPECT_EQ(bedrock_vendor_of("amazon.titan-text-express-v1").shape, BedrockShape::titan);
  EXPECT_EQ(bedrock_vendor_of("arn:aws:bedrock:x:1:provisioned-model/meta.x").shape,
            BedrockShape::opaque);
  EXPECT_EQ(bedrock_vendor_of("somebody.new-v1").shape, BedrockShape::opaque);
}

struct CeilingCase {
  std::string path;
  const char* body;
  std::optional<std::int64_t> ceiling;
  const char* lowered;  // to 7; nullptr: can't be
};

TEST(BedrockFacts, FindsEachVendorsCeiling) {
  const CeilingCase cases[] = {
      {std::string(converse), R"({"messages":[],"inferenceConfig":{"maxTokens":512}})", 512,
       R"({"messages":[],"inferenceConfig":{"maxTokens":7}})"},
      {std::string(converse), R"({"messages":[]})", std::nullopt,
       R"({"inferenceConfig":{"maxTokens":7},"messages":[]})"},
      {std::string(converse),
       R"({"inferenceConfig":{"maxTokens":9000},"additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":2000}}})",
       9000,
       R"({"inferenceConfig":{"maxTokens":7},"additionalModelRequestFields":{"thinking":{"type":"disabled"}}})"},
      {invoke_path("anthropic.claude-3-haiku-20240307-v1%3A0"),
       R"({"anthropic_version":"bedrock-2023-05-31","max_tokens":512,"messages":[]})", 512,
       R"({"anthropic_version":"bedrock-2023-05-31","max_tokens":7,"messages":[]})"},
      {invoke_path("amazon.titan-text-express-v1"),
       R"({"inputText":"x","textGenerationConfig":{"maxTokenCount":512}})", 512,
       R"({"inputText":"x","textGenerationConfig":{"maxTokenCount":7}})"},
      {invoke_path("us.meta.llama3-2-3b-instruct-v1%3A0"), R"({"prompt":"x","max_gen_len":512})",
       512, R"({"prompt":"x","max_gen_len":7})"},
      // A name that this vendor does not read is no ceiling.
      {invoke_path("us.meta.llama3-2-3b-instruct-v1%3A0"), R"({"prompt":"x","max_tokens":5})",
       std::nullopt, R"({"max_gen_len":7,"prompt":"x","max_tokens":5})"},
      {invoke_path("amazon.nova-lite-v1%3A0"), R"({"inferenceConfig":{"max_new_tokens":512}})", 512,
       R"({"inferenceConfig":{"max_new_tokens":7}})"},
      {invoke_path("mistral.mistral-large-2402-v1%3A0"), R"({"prompt":"x","max_tokens":512})", 512,
       R"({"prompt":"x","max_tokens":7})"},
      {invoke_path("cohere.command-r-v1%3A0"), R"({"message":"x","max_tokens":512})", 512,
       R"({"message":"x","max_tokens":7})"},
      {invoke_path("ai21.jamba-1-5-mini-v1%3A0"), R"({"messages":[],"max_tokens":512})", 512,
       R"({"messages":[],"max_tokens":7})"},
      {invoke_path("arn%3Aaws%3Abedrock%3Ax%3A1%3Aprovisioned-model%2Fabc"),
       R"({"max_tokens":512})", std::nullopt, nullptr},
  };
  for (const CeilingCase& c : cases) {
    const auto facts = facts_for(bedrock_format(), c.path, c.body);
    ASSERT_TRUE(facts) << c.path << facts.error();
    EXPECT_EQ(facts->max_output, c.ceiling) << c.path << c.body;
    EXPECT_EQ(facts->ceiling_settable, c.lowered != nullptr) << c.path;
    if (c.lowered == nullptr) continue;
    EXPECT_EQ(rewritten(bedrock_format(), c.path, c.body, {.max_output = 7}), c.lowered);
  }
}

TEST(BedrockFacts, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::pair<std::string, const char*> cases[] = {
      {std::string(converse), "[]"},
      {std::string(converse), R"({"inferenceConfig":{"maxTokens":1,"maxTokens":9}})"},
      {std::string(converse), R"({"inferenceConfig":{"maxTokens":1},"inferenceConfig":{}})"},
      {std::string(converse), R"({"inferenceConfig":{"maxtokens":1}})"},
      {std::string(converse),
       R"({"inferenceConfig":{"maxTokens":1},"additionalModelRequestFields":{"max_tokens":9}})"},
      {std::string(converse), R"({"additionalModelRequestFields":{"max_tokens":9}})"},
      {std::string(converse), R"({"inferenceConfig":{"maxTokens":-1}})"},
      {invoke_path("meta.llama3-8b"), R"({"max_gen_len":1,"max_gen_len":2})"},
      {invoke_path("amazon.nova-lite-v1%3A0"),
       R"({"inferenceConfig":{"max_new_tokens":1,"maxTokens":2}})"},
      {invoke_path("openai.gpt-oss-20b-1%3A0"), R"({"max_tokens":1,"max_completion_tokens":2})"},
      {invoke_path("anthropic.claude-3-haiku-20240307-v1%3A0"),
       R"({"max_tokens":1,"max_tokens":2})"},
      {invoke_path("ai21.jamba-1-5-mini-v1%3A0"), R"({"max_tokens":1,"n":1000000})"},
  };
  for (const auto& [path, body] : cases) {
    EXPECT_FALSE(facts_for(bedrock_format(), path, body)) << path << body;
  }
}

TEST(BedrockFacts, KnowsCachesChoicesAndWhatTheBodyDoesNotHold) {
  const auto cached = facts_for(
      bedrock_format(), converse,
      R"({"system":[{"text":"x"},{"cachePoint":{"type":"default"}}],"messages":[{"role":"user","content":[{"text":"a"},{"cachePoint":{"type":"default","ttl":"1h"}}]}],"serviceTier":{"type":"priority"}})");
  ASSERT_TRUE(cached);
  EXPECT_TRUE(cached->extras.cache_write_5m && cached->extras.cache_write_1h);
  EXPECT_EQ(cached->extras.tier, pricing::ServiceTier::priority);
  EXPECT_FALSE(cached->input_unbounded);
  const char* const unbounded[] = {
      R"({"messages":[{"content":[{"document":{"format":"pdf","name":"n","source":{"bytes":"AAAA"}}}]}]})",
      R"({"messages":[{"content":[{"toolResult":{"content":[{"video":{}}]}}]}]})",
      R"({"messages":[{"content":[{"document":null,"document":{}}]}]})",
      R"({"messages":[{"content":[],"content":[{"video":{}}]}]})",
      R"({"promptVariables":{"a":{"text":"b"}}})",
      R"({"toolConfig":{"tools":[{"systemTool":{"name":"nova_grounding"}}]}})",
  };
  for (const char* body : unbounded) {
    const auto facts = facts_for(bedrock_format(), converse, body);
    ASSERT_TRUE(facts) << facts.error();
    EXPECT_TRUE(facts->input_unbounded) << body;
  }
  const auto choices = facts_for(bedrock_format(), invoke_path("cohere.command-text-v14"),
                                 R"({"prompt":"x","max_tokens":5,"num_generations":3})");
  ASSERT_TRUE(choices);
  EXPECT_EQ(choices->choices, 3);
  const auto embedding = facts_for(bedrock_format(), invoke_path("amazon.titan-embed-text-v2%3A0"),
                                   R"({"inputText":"x"})");
  ASSERT_TRUE(embedding);
  EXPECT_FALSE(embedding->has_output);
}

TEST(BedrockParts, HoldAllTheText) {
  const auto parts =
      bedrock_parts(route_for(bedrock_format(), converse), {"", R"({"system":[{"text":"be kind"}],
    "messages":[{"role":"user","content":[{"text":"hi"},{"toolResult":{"content":[{"text":"out"}]}}]}],
    "toolConfig":{"tools":[{"toolSpec":{"name":"f"}}]}})"});
  ASSERT_EQ(parts.messages.size(), 2U);
  EXPECT_EQ(parts.messages[1].texts, (std::vector<std::string>{"hi", "out"}));
  EXPECT_EQ(parts.tool_schemas.size(), 1U);
  const std::string llama = invoke_path("meta.llama3-8b");
  EXPECT_EQ(bedrock_parts(route_for(bedrock_format(), llama), {"", R"({"prompt":"hi"})"}).texts,
            std::vector<std::string>{"hi"});
}

Reading read_plain(std::string_view path, std::string_view body) {
  return read_every_way(bedrock_format(),
                        options_for(bedrock_format(), path, "application/json", false), body)
      .reading;
}

TEST(BedrockAnswer, CountsCachesBesideTheInput) {
  const Reading read = read_plain(
      converse,
      R"({"output":{"message":{"content":[{"text":"ok"}]}},"stopReason":"end_turn","usage":{"inputTokens":16,"outputTokens":9,"totalTokens":2412,"cacheReadInputTokens":0,"cacheWriteInputTokens":2387}})");
  EXPECT_EQ(totals(read.usage), (Totals{2403, 9, 2412}));
  EXPECT_EQ(read.usage.cache_write_5m.value(), 2387);
  EXPECT_TRUE(read.finished && read.input_reported && read.output_reported);
  // A total that is more than its parts was billed.
  const Reading more =
      read_plain(converse, R"({"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":10}})");
  EXPECT_EQ(totals(more.usage), (Totals{1, 9, 10}));
  const Reading hour = read_plain(
      converse,
      R"({"usage":{"inputTokens":1,"outputTokens":2,"cacheWriteInputTokens":30,"cacheDetails":[{"ttl":"1h","inputTokens":20},{"ttl":"5m","inputTokens":10}]}})");
  EXPECT_EQ(hour.usage.cache_write_1h.value(), 20);
  EXPECT_EQ(hour.usage.cache_write_5m.value(), 10);
}

TEST(BedrockAnswer, ReadsEachVendorsBody) {
  struct Case {
    const char* model;
    const char* body;
    Totals totals;
  };
  const Case cases[] = {
      {"anthropic.claude-3-haiku-20240307-v1%3A0",
       R"({"type":"message","content":[],"usage":{"input_tokens":5,"cache_read_input_tokens":2,"output_tokens":3}})",
       {7, 3, 10}},
      {"amazon.titan-text-express-v1",
       R"({"inputTextTokenCount":5,"results":[{"tokenCount":3,"outputText":"x"}]})",
       {5, 3, 8}},
      {"meta.llama3-8b",
       R"({"generation":"x","prompt_token_count":5,"generation_token_count":3})",
       {5, 3, 8}},
      {"amazon.nova-lite-v1%3A0",
       R"({"usage":{"inputTokens":5,"outputTokens":3,"cacheReadInputTokenCount":1,"cacheWriteInputTokenCount":0}})",
       {6, 3, 9}},
      {"openai.gpt-oss-20b-1%3A0",
       R"({"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":5,"completion_tokens":3}})",
       {5, 3, 8}},
      {"amazon.titan-embed-text-v2%3A0", R"({"embedding":[],"inputTextTokenCount":5})", {5, 0, 5}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(totals(read_plain(invoke_path(c.model), c.body).usage), c.totals) << c.model;
  }
}

TEST(BedrockAnswer, TakesTheHeadersWhereTheBodyIsSilent) {
  const std::string path = invoke_path("mistral.mistral-7b-instruct-v0%3A2");
  ReaderOptions options = options_for(bedrock_format(), path, "application/json", false);
  options.response.bedrock_input_tokens = "5";
  options.response.bedrock_output_tokens = "3";
  const ReadResult read =
      read_every_way(bedrock_format(), options, R"({"outputs":[{"text":"hi"}]})");
  EXPECT_EQ(totals(read.reading.usage), (Totals{5, 3, 8}));
  EXPECT_TRUE(read.reading.input_reported && read.reading.output_reported);
  EXPECT_EQ(read.text, "hi");
  options.response.bedrock_input_tokens = "many";
  EXPECT_FALSE(read_pieces(bedrock_format(), options, {"{}"}, false).reading.input_reported);
}

}  // namespace
}  // namespace budget::wire
