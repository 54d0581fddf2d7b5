#include <gtest/gtest.h>

#include <string>

#include "proxy/wire/formats.h"
#include "proxy/wire/json.h"
#include "proxy/wire/ollama_body.h"
#include "tests/wire/format_testing.h"

namespace budget::wire {
namespace {

using Totals = std::array<std::int64_t, 3>;

TEST(OllamaRoute, KnowsItsPathsAndNoOthers) {
  const std::pair<const char*, std::optional<Billing>> cases[] = {
      {"/api/chat", Billing::metered},  {"/api/generate", Billing::metered},
      {"/api/embed", Billing::metered}, {"/api/embeddings", Billing::metered},
      {"/api/show", Billing::free},     {"/api/pull", std::nullopt},
      {"/api/push", std::nullopt},      {"/api/create", std::nullopt},
      {"/api/copy", std::nullopt},      {"/api/blobs/sha256:1", std::nullopt},
      {"/api/chat/", std::nullopt},     {"/v1/chat/completions", std::nullopt},
  };
  for (const auto& [path, billing] : cases) {
    const auto route = ollama_format().route("POST", path, "");
    ASSERT_EQ(route.has_value(), billing.has_value()) << path;
    if (route) {
      EXPECT_EQ(route->billing, *billing) << path;
    }
  }
}

TEST(OllamaFacts, StreamsUnlessToldOtherwise) {
  for (const char* path : {"/api/chat", "/api/generate"}) {
    EXPECT_TRUE(facts_for(ollama_format(), path, R"({"model":"m"})")->stream);
    EXPECT_TRUE(facts_for(ollama_format(), path, R"({"model":"m","stream":null})")->stream);
    EXPECT_FALSE(facts_for(ollama_format(), path, R"({"model":"m","stream":false})")->stream);
  }
  EXPECT_FALSE(facts_for(ollama_format(), "/api/embed", R"({"model":"m"})")->stream);
  EXPECT_FALSE(facts_for(ollama_format(), "/api/embed", R"({"model":"m"})")->has_output);
}

TEST(OllamaFacts, TakesNoNegativeNumberForACeiling) {
  struct Case {
    const char* body;
    std::optional<std::int64_t> ceiling;
    const char* lowered;  // to 7
  };
  const Case cases[] = {
      {R"({"model":"m","options":{"num_predict":100}})", 100,
       R"({"model":"m","options":{"num_predict":7}})"},
      {R"({"model":"m","options":{"num_predict":-1}})", std::nullopt,
       R"({"model":"m","options":{"num_predict":7}})"},
      {R"({"model":"m","options":{"num_predict":-2}})", std::nullopt,
       R"({"model":"m","options":{"num_predict":7}})"},
      {R"({"model":"m","options":{"num_predict":0}})", std::nullopt,
       R"({"model":"m","options":{"num_predict":7}})"},
      {R"({"model":"m","options":{"seed":1}})", std::nullopt,
       R"({"model":"m","options":{"num_predict":7,"seed":1}})"},
      {R"({"model":"m","options":null})", std::nullopt,
       R"({"model":"m","options":{"num_predict":7}})"},
      {R"({"model":"m"})", std::nullopt, R"({"options":{"num_predict":7},"model":"m"})"},
  };
  for (const Case& c : cases) {
    const auto facts = facts_for(ollama_format(), "/api/chat", c.body);
    ASSERT_TRUE(facts) << facts.error();
    EXPECT_EQ(facts->max_output, c.ceiling) << c.body;
    EXPECT_EQ(rewritten(ollama_format(), "/api/chat", c.body, {.max_output = 7}), c.lowered);
  }
}

TEST(OllamaFacts, RefusesWhatTwoReadersCouldReadDifferently) {
  for (const char* body : {R"({})", R"({"model":"a","model":"b"})", R"({"model":"a","Model":"b"})",
                           R"({"model":"a","options":{"num_predict":1,"num_predict":-1}})",
                           R"({"model":"a","options":{"NUM_PREDICT":1}})",
                           R"({"model":"a","options":{},"options":{"num_predict":9}})",
                           R"({"model":"a","options":{"num_predict":1.5}})",
                           R"({"model":"a","options":{"num_predict":"9"}})",
                           R"({"model":"a","options":3})", R"({"model":"a","stream":"no"})"}) {
    EXPECT_FALSE(facts_for(ollama_format(), "/api/chat", body)) << body;
  }
}

TEST(OllamaParts, HoldAllTheText) {
  const auto chat = ollama_parts(
      {"", R"({"messages":[{"role":"user","content":"hi","images":["AAAA"]}],"tools":[{}]})"});
  ASSERT_EQ(chat.messages.size(), 1U);
  EXPECT_EQ(chat.messages[0].texts, std::vector<std::string>{"hi"});
  EXPECT_EQ(chat.images.size(), 1U);
  EXPECT_EQ(chat.tool_schemas.size(), 1U);
  const auto generate =
      ollama_parts({"", R"({"prompt":"p","system":"s","context":[1,2,3],"format":{}})"});
  EXPECT_EQ(generate.texts, (std::vector<std::string>{"s", "p"}));
  EXPECT_EQ(generate.token_ids, 3);
  EXPECT_EQ(ollama_parts({"", R"({"input":["a","b"]})"}).texts,
            (std::vector<std::string>{"a", "b"}));
}

const std::string begun =
    R"({"model":"llama3.2","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"Hi "},"done":false})"
    "\n"
    R"({"model":"llama3.2","created_at":"2026-01-01T00:00:01Z","message":{"role":"assistant","content":"there"},"done":false})"
    "\n";
const std::string whole =
    begun +
    R"({"model":"llama3.2","created_at":"2026-01-01T00:00:02Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":9,"prompt_eval_count":26,"eval_count":298})"
    "\n";

ReaderOptions streamed(std::string_view path = "/api/chat") {
  return options_for(ollama_format(), path, "application/x-ndjson", true);
}

TEST(OllamaStream, ReadsUsageFromTheLastLine) {
  const ReadResult read = read_every_way(ollama_format(), streamed(), whole);
  EXPECT_EQ(totals(read.reading.usage), (Totals{26, 298, 324}));
  EXPECT_EQ(read.text, "Hi there");
  EXPECT_EQ(read.reading.model, "llama3.2");
  EXPECT_TRUE(read.reading.finished && read.reading.input_reported && read.reading.output_reported);
  const ReadResult cached = read_every_way(ollama_format(), streamed(),
                                           R"({"model":"m","done":true,"eval_count":3})"
                                           "\n");
  EXPECT_FALSE(cached.reading.input_reported);
  EXPECT_TRUE(cached.reading.output_reported);
}

TEST(OllamaStream, ReadsPlainAnswers) {
  const auto read = [](std::string_view path, std::string_view body) {
    return read_every_way(ollama_format(),
                          options_for(ollama_format(), path, "application/json", false), body)
        .reading;
  };
  EXPECT_EQ(
      totals(
          read("/api/generate",
               R"({"model":"m","response":"x","done":true,"prompt_eval_count":2,"eval_count":3})")
              .usage),
      (Totals{2, 3, 5}));
  EXPECT_EQ(
      totals(read("/api/embed", R"({"model":"m","embeddings":[[1]],"prompt_eval_count":8})").usage),
      (Totals{8, 0, 8}));
  EXPECT_FALSE(read("/api/embeddings", R"({"embedding":[1]})").input_reported);
}

TEST(OllamaStream, TellsWhatWentWrong) {
  EXPECT_EQ(read_every_way(ollama_format(), streamed(),
                           begun + R"({"error":"out of memory"})"
                                   "\n")
                .reading.error,
            "out of memory");
  EXPECT_TRUE(read_every_way(ollama_format(), streamed(), "<html>").reading.malformed);
  const Reading broken_off = read_every_way(ollama_format(), streamed(), begun).reading;
  EXPECT_FALSE(broken_off.finished || broken_off.output_reported || broken_off.malformed);
}

TEST(OllamaStream, IsCutLikeOneThatRanOutOfTokens) {
  pricing::Usage usage;
  usage.input = pricing::Tokens(26);
  usage.output = pricing::Tokens(2);
  for (const char* path : {"/api/chat", "/api/generate"}) {
    for (std::size_t at = 0; at <= whole.size(); ++at) {
      const std::string body =
          ending_after(ollama_format(), streamed(path), whole.substr(0, at), usage);
      const ReadResult read = read_pieces(ollama_format(), streamed(path), {body}, false);
      ASSERT_TRUE(read.reading.finished) << at << body;
      ASSERT_TRUE(read.reading.output_reported) << at;
    }
  }
  const std::string chat = ending_after(ollama_format(), streamed(), begun, usage);
  EXPECT_EQ(
      chat.substr(begun.size()),
      R"({"model":"llama3.2","created_at":"2026-01-01T00:00:01Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"length","total_duration":0,"load_duration":0,"prompt_eval_count":26,"prompt_eval_duration":0,"eval_count":2,"eval_duration":0})"
      "\n");
  EXPECT_EQ(ending_after(ollama_format(), streamed(), whole, usage), whole);
}

TEST(OllamaRefusal, SpeaksTheFormatsWords) {
  EXPECT_EQ(ollama_format().refusal({.kind = ProblemKind::key_missing, .message = "m"}).body,
            R"({"error":"m"})");
}

}  // namespace
}  // namespace budget::wire
