#include <gtest/gtest.h>

#include <string>

#include "proxy/wire/cohere_body.h"
#include "proxy/wire/formats.h"
#include "proxy/wire/json.h"
#include "tests/wire/format_testing.h"

namespace budget::wire {
namespace {

using Totals = std::array<std::int64_t, 3>;

TEST(CohereRoute, KnowsItsPathsAndNoOthers) {
  const std::pair<const char*, std::optional<Billing>> cases[] = {
      {"/v2/chat", Billing::metered},    {"/v2/embed", Billing::metered},
      {"/v1/embed", Billing::metered},   {"/v2/rerank", Billing::metered},
      {"/v1/rerank", Billing::metered},  {"/v1/tokenize", Billing::free},
      {"/v1/detokenize", Billing::free}, {"/v1/chat", std::nullopt},
      {"/v1/generate", std::nullopt},    {"/v1/classify", std::nullopt},
      {"/v1/embed-jobs", std::nullopt},  {"/v2/chat/", std::nullopt},
      {"/V2/chat", std::nullopt},
  };
  for (const auto& [path, billing] : cases) {
    const auto route = cohere_format().route("POST", path, "");
    ASSERT_EQ(route.has_value(), billing.has_value()) << path;
    if (route) {
      EXPECT_EQ(route->billing, *billing) << path;
    }
  }
}

TEST(CohereFacts, ReadsAndRefuses) {
  const auto chat =
      facts_for(cohere_format(), "/v2/chat",
                R"({"model":"command-a","max_tokens":50.0,"stream":true,"messages":[]})");
  ASSERT_TRUE(chat) << chat.error();
  EXPECT_EQ(chat->model, "command-a");
  EXPECT_EQ(chat->max_output, 50);
  EXPECT_TRUE(chat->stream);
  EXPECT_FALSE(chat->input_unbounded);
  const auto picture = facts_for(
      cohere_format(), "/v2/chat",
      R"({"model":"c","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]})");
  ASSERT_TRUE(picture);
  EXPECT_TRUE(picture->input_unbounded);
  for (const char* body :
       {R"({"max_tokens":1})", R"({"model":"a","model":"b"})",
        R"({"model":"a","max_tokens":1,"max_tokens":2})", R"({"model":"a","max_tokens":0.5})",
        R"({"model":"a","stream":1})", R"({"model":"a","MAX_TOKENS":1})"}) {
    EXPECT_FALSE(facts_for(cohere_format(), "/v2/chat", body)) << body;
  }
}

TEST(CohereFacts, BoundsSearchUnits) {
  const auto units = [](std::size_t count, std::size_t bytes, const char* more = "") {
    std::string body = R"({"model":"rerank-v3.5","query":"q","documents":[)";
    for (std::size_t i = 0; i < count; ++i) {
      body += (i > 0 ? ",\"" : "\"") + std::string(bytes, 'x') + "\"";
    }
    const auto facts = facts_for(cohere_format(), "/v2/rerank", body + "]" + more + "}");
    EXPECT_TRUE(facts && !facts->has_output);
    return facts ? facts->extras.search_units : 0;
  };
  EXPECT_EQ(units(0, 0), 1);
  EXPECT_EQ(units(100, 10), 1);
  EXPECT_EQ(units(101, 10), 2);
  EXPECT_EQ(units(100, 1000), 5);  // up to five chunks each
  EXPECT_EQ(units(100, 1000, R"(,"max_tokens_per_doc":100)"), 1);
}

TEST(CohereRewrite, ChangesNothingElse) {
  EXPECT_EQ(rewritten(cohere_format(), "/v2/chat", R"({"model": "a", "max_tokens": 9 })",
                      {.model = "b", .max_output = 7}),
            R"({"model": "b", "max_tokens": 7 })");
  EXPECT_EQ(rewritten(cohere_format(), "/v2/chat", R"({"model":"a"})", {.max_output = 7}),
            R"({"max_tokens":7,"model":"a"})");
  EXPECT_EQ(rewritten(cohere_format(), "/v2/embed", R"({"model":"a"})", {.model = "b"}),
            R"({"model":"b"})");
}

TEST(CohereParts, HoldAllTheText) {
  const auto chat = cohere_parts({"", R"({"messages":[{"role":"user","content":"hi"},
    {"role":"user","content":[{"type":"text","text":"there"}]}],"tools":[{}],"documents":["d"]})"});
  ASSERT_EQ(chat.messages.size(), 2U);
  EXPECT_EQ(chat.messages[1].texts, std::vector<std::string>{"there"});
  EXPECT_EQ(chat.texts, std::vector<std::string>{"d"});
  EXPECT_EQ(chat.tool_schemas.size(), 1U);
  EXPECT_EQ(cohere_parts({"", R"({"texts":["a","b"]})"}).texts,
            (std::vector<std::string>{"a", "b"}));
}

Reading read_plain(std::string_view path, std::string_view body) {
  return read_every_way(cohere_format(),
                        options_for(cohere_format(), path, "application/json", false), body)
      .reading;
}

TEST(CohereAnswer, ChargesBilledUnits) {
  const Reading chat = read_plain(
      "/v2/chat",
      R"({"id":"c1","message":{"role":"assistant","content":[{"type":"text","text":"hi"}]},"usage":{"billed_units":{"input_tokens":5.0,"output_tokens":418.0},"tokens":{"input_tokens":71,"output_tokens":418},"cached_tokens":2}})");
  EXPECT_EQ(totals(chat.usage), (Totals{5, 418, 423}));
  EXPECT_EQ(chat.usage.cache_read.value(), 2);
  EXPECT_TRUE(chat.finished && chat.input_reported && chat.output_reported);
  EXPECT_EQ(chat.upstream_id, "c1");
  const Reading unbilled =
      read_plain("/v2/chat", R"({"usage":{"tokens":{"input_tokens":7.2,"output_tokens":4}}})");
  EXPECT_EQ(totals(unbilled.usage), (Totals{8, 4, 12}));
  const Reading embed =
      read_plain("/v2/embed", R"({"embeddings":{},"meta":{"billed_units":{"input_tokens":3}}})");
  EXPECT_EQ(totals(embed.usage), (Totals{3, 0, 3}));
  const Reading rerank =
      read_plain("/v2/rerank", R"({"results":[],"meta":{"billed_units":{"search_units":2}}})");
  EXPECT_EQ(rerank.usage.search_units, 2);
  EXPECT_TRUE(rerank.input_reported);
  EXPECT_EQ(rerank.usage.total().value(), 0);
}

std::string event(std::string_view json) {
  const std::string type(json.substr(9, json.find('"', 9) - 9));
  return "event: " + type + "\ndata: " + std::string(json) + "\n\n";
}

const std::string begun =
    event(R"({"type":"message-start","id":"c1","delta":{"message":{"role":"assistant"}}})") +
    event(
        R"({"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}})") +
    event(R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Hi "}}}})") +
    event(R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"there"}}}})");
const std::string whole =
    begun + event(R"({"type":"content-end","index":0})") +
    event(
        R"({"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,"output_tokens":2},"tokens":{"input_tokens":70,"output_tokens":3}}}})");

ReaderOptions streamed() {
  return options_for(cohere_format(), "/v2/chat", "text/event-stream", true);
}

TEST(CohereStream, ReadsUsageFromItsEnd) {
  const ReadResult read = read_every_way(cohere_format(), streamed(), whole);
  EXPECT_EQ(totals(read.reading.usage), (Totals{5, 2, 7}));
  EXPECT_EQ(read.text, "Hi there");
  EXPECT_TRUE(read.reading.finished && read.reading.output_reported);
  const ReadResult broken_off = read_every_way(cohere_format(), streamed(), begun);
  EXPECT_FALSE(broken_off.reading.finished || broken_off.reading.input_reported);
  EXPECT_TRUE(read_every_way(cohere_format(), streamed(), "<html>").reading.malformed);
  EXPECT_EQ(
      read_every_way(
          cohere_format(), streamed(),
          begun +
              event(R"({"type":"message-end","delta":{"finish_reason":"ERROR","error":"busy"}})"))
          .reading.error,
      "busy");
}

TEST(CohereStream, IsCutLikeOneThatRanOutOfTokens) {
  pricing::Usage usage;
  usage.input = pricing::Tokens(5);
  usage.output = pricing::Tokens(2);
  const std::string cut = ending_after(cohere_format(), streamed(), begun, usage);
  EXPECT_EQ(
      cut,
      begun + event(R"({"type":"content-end","index":0})") +
          event(
              R"({"type":"message-end","delta":{"finish_reason":"MAX_TOKENS","usage":{"billed_units":{"input_tokens":5,"output_tokens":2},"tokens":{"input_tokens":5,"output_tokens":2}}}})"));
  for (std::size_t at = 0; at <= whole.size(); ++at) {
    const std::string body = ending_after(cohere_format(), streamed(), whole.substr(0, at), usage);
    const ReadResult read = read_pieces(cohere_format(), streamed(), {body}, false);
    ASSERT_TRUE(read.reading.finished) << at << body;
    ASSERT_EQ(totals(read.reading.usage), (Totals{5, 2, 7})) << at;
  }
}

TEST(CohereRefusal, SpeaksTheFormatsWords) {
  const ErrorAnswer answer = cohere_format().refusal(
      {.kind = ProblemKind::budget_exceeded, .message = "\"m\"", .status = 402});
  EXPECT_EQ(answer.status, 402);
  EXPECT_EQ(answer.body, R"({"message":"\"m\""})");
}

}  // namespace
}  // namespace budget::wire
