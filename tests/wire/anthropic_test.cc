#include <gtest/gtest.h>

#include <string>

#include "proxy/wire/anthropic_body.h"
#include "proxy/wire/formats.h"
#include "proxy/wire/json.h"
#include "tests/wire/format_testing.h"

namespace budget::wire {
namespace {

constexpr std::string_view messages_path = "/v1/messages";
constexpr std::string_view vertex_path =
    "/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-sonnet-4@20250514:";

using Totals = std::array<std::int64_t, 3>;

TEST(AnthropicRoute, KnowsItsPathsAndNoOthers) {
  struct Case {
    std::string path;
    std::optional<Billing> billing;
    std::string model;
    bool stream;
  };
  const std::string vertex(vertex_path);
  const Case cases[] = {
      {"/v1/messages", Billing::metered, "", false},
      {"/v1/messages/count_tokens", Billing::free, "", false},
      {vertex + "rawPredict", Billing::metered, "claude-sonnet-4@20250514", false},
      {vertex + "streamRawPredict", Billing::metered, "claude-sonnet-4@20250514", true},
      {"/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict",
       Billing::free, "", false},
      {"/v1/messages/batches", std::nullopt, "", false},
      {"/v1/messages/", std::nullopt, "", false},
      {"/v1//messages", std::nullopt, "", false},
      {"/v1/%6dessages", std::nullopt, "", false},
      {"/v1/complete", std::nullopt, "", false},
      {"/v1/files", std::nullopt, "", false},
      {vertex + "predict", std::nullopt, "", false},
      {"/v1/projects/p/locations/l/publishers/google/models/m:rawPredict", std::nullopt, "", false},
  };
  for (const Case& c : cases) {
    const auto route = anthropic_format().route("POST", c.path, "");
    ASSERT_EQ(route.has_value(), c.billing.has_value()) << c.path;
    if (!route) continue;
    EXPECT_EQ(route->billing, *c.billing) << c.path;
    EXPECT_EQ(route->model, c.model) << c.path;
    EXPECT_EQ(route->stream, c.stream) << c.path;
  }
}

TEST(AnthropicFacts, ReadsWhatBudgetsCareAbout) {
  const auto facts = facts_for(anthropic_format(), messages_path, R"({
    "model": "claude-sonnet-4-5", "max_tokens": 1024.0, "stream": true,
    "metadata": {"user_id": "u-1"},
    "system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
    "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 3}],
    "messages": [{"role": "user", "content": [
      {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]}]})");
  ASSERT_TRUE(facts) << facts.error();
  EXPECT_EQ(facts->model, "claude-sonnet-4-5");
  EXPECT_EQ(facts->max_output, 1024);
  EXPECT_TRUE(facts->stream);
  EXPECT_EQ(facts->end_user, "u-1");
  EXPECT_TRUE(facts->extras.cache_write_5m);
  EXPECT_TRUE(facts->extras.cache_write_1h);
  EXPECT_EQ(facts->extras.search_units, 3);
  EXPECT_TRUE(facts->input_unbounded);  // the search feeds the model
}

TEST(AnthropicFacts, RefusesWhatTwoReadersCouldReadDifferently) {
  const char* const bodies[] = {
      "",
      "[]",
      "{",
      R"({"max_tokens":1})",
      R"({"model":"","max_tokens":1})",
      R"({"model":5,"max_tokens":1})",
      R"({"model":"a","model":"b","max_tokens":1})",
      R"({"model":"a","max_tokens":1,"max_tokens":100000})",
      R"({"model":"a","Model":"b","max_tokens":1})",
      R"({"model":"a","max_tokens":1,"stream":true,"stream":false})",
      R"({"model":"a","max_tokens":1,"\u0073tream":true,"stream":false})",
      R"({"model":"a","max_tokens":-1})",
      R"({"model":"a","max_tokens":1.5})",
      R"({"model":"a","max_tokens":"10"})",
      R"({"model":"a","max_tokens":99999999999999999999})",
      R"({"model":"a","max_tokens":1e300})",
      R"({"model":"a","max_tokens":1,"stream":"true"})",
      "{\"model\":\"a\xff\",\"max_tokens\":1}",
      R"({"model":"a","max_tokens":1} {})",
  };
  for (const char* body : bodies) {
    const auto facts = facts_for(anthropic_format(), messages_path, body);
    EXPECT_FALSE(facts) << body;
    if (!facts) {
      EXPECT_TRUE(facts.error().ends_with(".")) << facts.error();
    }
  }
}

TEST(AnthropicFacts, BoundsTheInput) {
  // A picture of 1000 × 750 pixels: only its head matters.
  const std::string png = "iVBORw0KGgoAAAANSUhEUgAAA+gAAALuCAYAAAAAAAAA" + std::string(40'000, 'A');
  struct Case {
    std::string content;
    std::int64_t at_least;
    std::int64_t at_most;
    bool unbounded;
  };
  const std::string text(5000, 'x');
  const Case cases[] = {
      {R"("hello")", 5, 400, false},
      {"\"" + text + "\"", 5000, 5400, false},
      {R"([{"type":"image","source":{"type":"base64","media_type":"image/png","data":")" + png +
           R"("}}])",
       1000, 1600, false},
      {R"([{"type":"image","source":{"type":"url","url":"https://x/y.png"}}])", 4784, 5200, false},
      {R"([{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}])",
       0, 1'000'000, true},
      {R"([{"type":"document","source":{"type":"text","media_type":"text/plain","data":"abc"}}])",
       3, 500, false},
      {R"([{"type":"document","source":{"type":"file","file_id":"file_1"}}])", 0, 1'000'000, true},
      {R"([{"type":"container_upload","file_id":"file_1"}])", 0, 1'000'000, true},
      {R"([{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"type":"base64","data":")" +
           png + R"("}}]}])",
       1000, 1600, false},
      // To a reader that takes the last of two, this is a document of text.
      {R"([{"type":"image","type":"document","source":{"type":"base64","data":")" + png + R"("}}])",
       0, 1'000'000, true},
      {R"([{"type":"image","source":{"type":"base64","type":"text","data":")" + png + R"("}}])", 0,
       1'000'000, true},
      // A tool's argument in a picture's clothes is text, and counts as such.
      {R"([{"type":"tool_use","id":"t","name":"n","input":{"type":"image","source":{"type":"base64","data":")" +
           png + R"("}}}])",
       40'000, 41'000, false},
  };
  for (const Case& c : cases) {
    const auto facts = facts_for(
        anthropic_format(), messages_path,
        R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":)" + c.content + "}]}");
    ASSERT_TRUE(facts) << facts.error();
    EXPECT_GE(facts->input_bound, c.at_least) << c.content.substr(0, 200);
    EXPECT_LE(facts->input_bound, c.at_most) << c.content.substr(0, 200);
    EXPECT_EQ(facts->input_unbounded, c.unbounded) << c.content.substr(0, 200);
  }
}

TEST(AnthropicFacts, KnowsWhatFeedsTheModelMoreInput) {
  struct Case {
    const char* members;
    bool unbounded;
  };
  const Case cases[] = {
      {R"("tools":[{"name":"f","input_schema":{}}])", false},
      {R"("tools":[{"type":"custom","name":"f","input_schema":{}}])", false},
      {R"("tools":[{"type":"bash_20250124","name":"bash"}])", false},
      {R"("tools":[{"type":"web_fetch_20250910","name":"web_fetch"}])", true},
      {R"("tools":[{"type":"code_execution_20250825","name":"code_execution"}])", true},
      {R"("tools":[{"type":"custom","type":"web_search_20250305","name":"f"}])", true},
      {R"("messages":[{"content":"a","content":[{"type":"text","text":"b"}]}])", true},
      {R"("messages":[{"content":[{"type":"text","type":"document"}]}])", true},
      {R"("mcp_servers":[])", false},
      {R"("mcp_servers":[{"type":"url","url":"https://x","name":"x"}])", true},
      {R"("container":"c_1")", true},
      {R"("context_management":{"edits":[{"type":"compact_20260112"}]})", true},
  };
  for (const Case& c : cases) {
    const auto facts = facts_for(anthropic_format(), messages_path,
                                 std::string(R"({"model":"m","max_tokens":9,)") + c.members + "}");
    ASSERT_TRUE(facts) << facts.error();
    EXPECT_EQ(facts->input_unbounded, c.unbounded) << c.members;
  }
}

TEST(AnthropicPictures, CountAsPublished) {
  EXPECT_EQ(anthropic_picture_tokens({1092, 1092, false}), 1590);
  EXPECT_EQ(anthropic_picture_tokens({200, 200, false}), 64);  // 8 × 8 patches
  EXPECT_EQ(anthropic_picture_tokens({8000, 8000, false}), 4784);
  EXPECT_EQ(anthropic_picture_tokens({0, 0, false}), 4784);
}

TEST(AnthropicParts, HoldAllTheText) {
  const std::string body = R"({"model":"m","max_tokens":9,"system":"be kind",
    "messages":[{"role":"user","content":"hi"},
      {"role":"assistant","content":[{"type":"text","text":"\u00e9"},
        {"type":"tool_use","id":"t","name":"f","input":{"a":"b"}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"out"}]}],
    "tools":[{"name":"f","input_schema":{"type":"object"}}]})";
  const auto parts = anthropic_parts({"application/json", body});
  ASSERT_EQ(parts.messages.size(), 4U);
  EXPECT_EQ(parts.messages[0].role, "system");
  EXPECT_EQ(parts.messages[0].texts, std::vector<std::string>{"be kind"});
  EXPECT_EQ(parts.messages[1].texts, std::vector<std::string>{"hi"});
  EXPECT_EQ(parts.messages[2].texts[0], "\xC3\xA9");
  EXPECT_TRUE(parts.messages[2].texts[1].contains(R"("input":{"a":"b"})"));
  EXPECT_EQ(parts.messages[3].texts, std::vector<std::string>{"out"});
  EXPECT_EQ(parts.tool_schemas.size(), 1U);
}

TEST(AnthropicRewrite, ChangesNothingElse) {
  struct Case {
    const char* body;
    const char* changed;
  };
  const Case cases[] = {
      {R"({ "model" : "a" , "max_tokens" : 9.0 , "x":1 })",
       R"({ "model" : "b" , "max_tokens" : 100 , "x":1 })"},
      {R"({"model":"a"})", R"({"max_tokens":100,"model":"b"})"},
      {R"({"model":"a","max_tokens":null})", R"({"model":"b","max_tokens":100})"},
      {R"({"model":"a","max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":50}})",
       R"({"model":"b","max_tokens":100,"thinking":{"type":"enabled","budget_tokens":50}})"},
      {R"({"model":"a","max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":5000}})",
       R"({"model":"b","max_tokens":100,"thinking":{"type":"disabled"}})"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(
        rewritten(anthropic_format(), messages_path, c.body, {.model = "b", .max_output = 100}),
        c.changed);
  }
  EXPECT_EQ(rewritten(anthropic_format(), messages_path,
                      R"({"model":"a","max_tokens":9000,"thinking":{"budget_tokens":5000}})",
                      {.max_output = 2000}),
            R"({"model":"a","max_tokens":2000,"thinking":{"budget_tokens":1999}})");
}

TEST(AnthropicRewrite, PutsAVertexModelIntoThePath) {
  const std::string path = std::string(vertex_path) + "streamRawPredict";
  EXPECT_EQ(anthropic_format().path_with_model(route_for(anthropic_format(), path), path,
                                               "claude-haiku-4-5@20251001"),
            "/v1/projects/p/locations/us-east5/publishers/anthropic/models/"
            "claude-haiku-4-5%4020251001:streamRawPredict");
  EXPECT_EQ(anthropic_format().path_with_model(route_for(anthropic_format(), messages_path),
                                               messages_path, "m"),
            std::nullopt);
  EXPECT_FALSE(facts_for(anthropic_format(), path, R"({"model":"other","max_tokens":1})"));
  const auto facts = facts_for(anthropic_format(), path, R"({"max_tokens":1})");
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->stream);
  EXPECT_EQ(facts->model, "claude-sonnet-4@20250514");
}

std::string event(std::string_view json, std::string_view space = " ") {
  const std::string type(json.substr(9, json.find('"', 9) - 9));
  return "event:" + std::string(space) + type + "\ndata:" + std::string(space) + std::string(json) +
         "\n\n";
}

const std::string start_event = event(
    R"({"type":"message_start","message":{"id":"msg_1","model":"claude-haiku-4-5","content":[],"usage":{"input_tokens":15,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":5,"service_tier":"standard"}}    })");
const std::string text_events =
    event(R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})") +
    event(
        R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi "}})") +
    event(
        R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"there"}})");
const std::string end_events =
    event(R"({"type":"content_block_stop","index":0})") +
    event(
        R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":15,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":21}            })") +
    event(R"({"type":"message_stop"})");

ReaderOptions streamed() {
  return options_for(anthropic_format(), messages_path, "text/event-stream; charset=utf-8", true);
}

TEST(AnthropicStream, ReplacesTheSeedInsteadOfAddingToIt) {
  const ReadResult read =
      read_every_way(anthropic_format(), streamed(), start_event + text_events + end_events);
  EXPECT_EQ(totals(read.reading.usage), (Totals{15, 21, 36}));
  EXPECT_EQ(read.text, "Hi there");
  EXPECT_TRUE(read.reading.finished && read.reading.input_reported && read.reading.output_reported);
  EXPECT_EQ(read.reading.model, "claude-haiku-4-5");
  EXPECT_EQ(read.reading.upstream_id, "msg_1");
  EXPECT_EQ(read.reading.tier, pricing::ServiceTier::standard);
}

TEST(AnthropicStream, ReplacesFieldByField) {
  const ReadResult read = read_every_way(
      anthropic_format(), streamed(),
      event(
          R"({"type":"message_start","message":{"id":"msg","model":"glm-5.2","usage":{"input_tokens":34824,"output_tokens":0}}})",
          "") +
          event(
              R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":3883,"output_tokens":49,"cache_creation_input_tokens":0,"cache_read_input_tokens":30464,"prompt_tokens_details":{"cached_tokens":30464}}})",
              ""));
  EXPECT_EQ(totals(read.reading.usage), (Totals{34347, 49, 34396}));
  EXPECT_EQ(read.reading.usage.input.value(), 3883);
  EXPECT_EQ(read.reading.usage.cache_read.value(), 30464);
}

TEST(AnthropicStream, KeepsTheSplitOfCacheWritesThinkingAndSearches) {
  const ReadResult read = read_every_way(
      anthropic_format(), streamed(),
      event(
          R"({"type":"message_start","message":{"usage":{"input_tokens":1,"cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20},"output_tokens":1}}})") +
          event(
              R"({"type":"message_delta","delta":{},"usage":{"cache_creation_input_tokens":30,"output_tokens":50,"output_tokens_details":{"thinking_tokens":40},"server_tool_use":{"web_search_requests":2}}})"));
  EXPECT_EQ(read.reading.usage.cache_write_5m.value(), 10);
  EXPECT_EQ(read.reading.usage.cache_write_1h.value(), 20);
  EXPECT_EQ(read.reading.usage.reasoning.value(), 40);
  EXPECT_EQ(read.reading.usage.output.value(), 10);
  EXPECT_EQ(read.reading.usage.search_units, 2);
  EXPECT_FALSE(read.reading.finished);
}

TEST(AnthropicStream, AddsACompactionThatTheTopLevelLeavesOut) {
  const ReadResult read = read_every_way(
      anthropic_format(), options_for(anthropic_format(), messages_path, "application/json", false),
      R"({"type":"message","id":"m","model":"c","content":[{"type":"text","text":"x"}],"usage":{"input_tokens":23000,"output_tokens":1000,"iterations":[{"type":"compaction","input_tokens":180000,"output_tokens":3500},{"type":"message","input_tokens":23000,"output_tokens":1000}]}})");
  EXPECT_EQ(totals(read.reading.usage), (Totals{203000, 4500, 207500}));
  EXPECT_TRUE(read.reading.finished);
}

TEST(AnthropicStream, TellsWhatWentWrong) {
  struct Case {
    const char* what;
    std::string body;
    const char* content_type;
    bool malformed;
    bool finished;
    bool output_reported;
    const char* error;
  };
  const Case cases[] = {
      {"an error event",
       start_event +
           event(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"),
       "text/event-stream", false, false, false, "Overloaded"},
      {"broken off", start_event + text_events, "text/event-stream", false, false, false, ""},
      {"no usage", text_events + event(R"({"type":"message_stop"})"), "text/event-stream", false,
       true, false, ""},
      {"a page of HTML", "<html>busy</html>", "text/event-stream", true, false, false, ""},
      {"JSON that is none", "{\"type\":", "application/json", true, false, false, ""},
      {"an error answer", R"({"type":"error","error":{"type":"x","message":"no"}})",
       "application/json", false, false, false, "no"},
      {"absurd and negative figures",
       event(R"({"type":"message_delta","usage":{"input_tokens":-5,"output_tokens":1e30}})"),
       "text/event-stream", false, false, true, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    const ReadResult read = read_every_way(
        anthropic_format(), options_for(anthropic_format(), messages_path, c.content_type, true),
        c.body);
    EXPECT_EQ(read.reading.malformed, c.malformed);
    EXPECT_EQ(read.reading.finished, c.finished);
    EXPECT_EQ(read.reading.output_reported, c.output_reported);
    EXPECT_EQ(read.reading.error, c.error);
    EXPECT_GE(read.reading.usage.input.value(), 0);
  }
}

TEST(AnthropicStream, IsCutLikeOneThatRanOutOfTokens) {
  pricing::Usage usage;
  usage.input = pricing::Tokens(15);
  usage.cache_read = pricing::Tokens(4);
  usage.output = pricing::Tokens(2);
  const std::string cut =
      ending_after(anthropic_format(), streamed(), start_event + text_events, usage);
  EXPECT_EQ(
      cut,
      start_event + text_events + event(R"({"type":"content_block_stop","index":0})") +
          event(
              R"({"type":"message_delta","delta":{"stop_reason":"max_tokens","stop_sequence":null},"usage":{"input_tokens":15,"cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":2}})") +
          event(R"({"type":"message_stop"})"));
  // Its own reader finds it finished, wherever it was cut.
  const std::string whole = start_event + text_events + end_events;
  for (std::size_t at = 0; at <= whole.size(); ++at) {
    const std::string body =
        ending_after(anthropic_format(), streamed(), whole.substr(0, at), usage);
    const ReadResult read = read_pieces(anthropic_format(), streamed(), {body}, false);
    ASSERT_TRUE(read.reading.finished) << at << "\n" << body;
    ASSERT_TRUE(read.reading.output_reported) << at;
  }
  EXPECT_EQ(ending_after(anthropic_format(), streamed(), whole, usage), whole);
}

TEST(AnthropicRefusal, SpeaksTheFormatsWords) {
  Problem problem{.kind = ProblemKind::budget_exceeded,
                  .message = "Budget \"b\" is spent.",
                  .request_id = "req_1",
                  .retry_after_s = 3600};
  problem.budget = BudgetDetail{.budget = "b", .policy = "p"};
  const ErrorAnswer answer = anthropic_format().refusal(problem);
  EXPECT_EQ(answer.status, 429);
  const auto body = parse_json(answer.body);
  ASSERT_TRUE(body) << answer.body;
  EXPECT_EQ(reported_string(body->element(), "type"), "error");
  EXPECT_EQ(reported_string(body->element(), "request_id"), "req_1");
  const auto error = member(body->element(), "error");
  ASSERT_TRUE(error);
  EXPECT_EQ(reported_string(*error, "type"), "rate_limit_error");
  EXPECT_EQ(reported_string(*error, "message"), "Budget \"b\" is spent.");
  EXPECT_TRUE(member(*error, "budget"));
  const std::vector<std::pair<std::string, std::string>> headers = {
      {"retry-after", "3600"}, {"x-should-retry", "false"}, {"request-id", "req_1"}};
  EXPECT_EQ(answer.headers, headers);
}

}  // namespace
}  // namespace budget::wire
