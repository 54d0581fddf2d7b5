#include <gtest/gtest.h>

#include <string>

#include "proxy/wire/formats.h"
#include "proxy/wire/gemini_body.h"
#include "proxy/wire/json.h"
#include "tests/wire/format_testing.h"

namespace budget::wire {
namespace {

constexpr std::string_view plain_path = "/v1beta/models/gemini-2.5-flash:generateContent";
constexpr std::string_view stream_path = "/v1beta/models/gemini-2.5-flash:streamGenerateContent";
constexpr std::string_view vertex_folder = "/v1/projects/p/locations/us-central1/publishers/google";

using Totals = std::array<std::int64_t, 3>;

TEST(GeminiRoute, KnowsItsPathsAndNoOthers) {
  struct Case {
    std::string path;
    std::optional<Billing> billing;
    Operation operation;
    std::string model;
    bool stream;
  };
  const std::string vertex(vertex_folder);
  const auto metered = Billing::metered;
  const Case cases[] = {
      {"/v1beta/models/gemini-2.5-flash:generateContent", metered, Operation::generate_content,
       "gemini-2.5-flash", false},
      {"/v1/models/gemini-2.5-flash:streamGenerateContent", metered, Operation::generate_content,
       "gemini-2.5-flash", true},
      {vertex + "/models/gemini-2.5-pro:streamGenerateContent", metered,
       Operation::generate_content, "gemini-2.5-pro", true},
      {"/v1/publishers/google/models/gemini-2.5-pro:generateContent", metered,
       Operation::generate_content, "gemini-2.5-pro", false},
      {"/v1/projects/p/locations/l/endpoints/123:generateContent", metered,
       Operation::generate_content, "endpoints/123", false},
      {"/v1beta/tunedModels/mine:generateContent", metered, Operation::generate_content,
       "tunedModels/mine", false},
      {"/v1beta/models/gemini-embedding-001:embedContent", metered, Operation::embeddings,
       "gemini-embedding-001", false},
      {"/v1beta/models/gemini-embedding-001:batchEmbedContents", metered, Operation::embeddings,
       "gemini-embedding-001", false},
      {vertex + "/models/text-embedding-005:predict", metered, Operation::embeddings,
       "text-embedding-005", false},
      {"/v1beta/models/m:countTokens", Billing::free, Operation::count_tokens, "m", false},
      {vertex + "/models/imagen-4.0:predict", std::nullopt, Operation::other, "", false},
      {vertex + "/models/veo-3:predictLongRunning", std::nullopt, Operation::other, "", false},
      {"/v1beta/models/m:batchGenerateContent", std::nullopt, Operation::other, "", false},
      {"/v1beta/cachedContents", std::nullopt, Operation::other, "", false},
      {"/v1beta/models/m%3AgenerateContent", std::nullopt, Operation::other, "", false},
      {"/v1beta/models/m:generate%43ontent", std::nullopt, Operation::other, "", false},
      {"/v1beta/models/x/../m:generateContent", std::nullopt, Operation::other, "", false},
      {"/v1beta/models/:generateContent", std::nullopt, Operation::other, "", false},
      {"/v1beta/openai/chat/completions", std::nullopt, Operation::other, "", false},
      {"/v2/models/m:generateContent", std::nullopt, Operation::other, "", false},
      {"/v1/projects/p/locations/l/publishers/anthropic/models/m:generateContent", std::nullopt,
       Operation::other, "", false},
  };
  for (const Case& c : cases) {
    const auto route = gemini_format().route("POST", c.path, "");
    ASSERT_EQ(route.has_value(), c.billing.has_value()) << c.path;
    if (!route) continue;
    EXPECT_EQ(route->billing, *c.billing) << c.path;
    EXPECT_EQ(route->operation, c.operation) << c.path;
    EXPECT_EQ(route->model, c.model) << c.path;
    EXPECT_EQ(route->stream, c.stream) << c.path;
  }
}

TEST(GeminiFacts, ReadsEitherSpelling) {
  for (const char* body :
       {R"({"contents":[],"generationConfig":{"maxOutputTokens":100,"candidateCount":2}})",
        R"({"contents":[],"generation_config":{"max_output_tokens":100.0,"candidate_count":2}})"}) {
    const auto facts = facts_for(gemini_format(), plain_path, body);
    ASSERT_TRUE(facts) << facts.error();
    EXPECT_EQ(facts->model, "gemini-2.5-flash");
    EXPECT_EQ(facts->max_output, 100);
    EXPECT_EQ(facts->choices, 2);
    EXPECT_FALSE(facts->input_unbounded);
    EXPECT_FALSE(facts->stream);
  }
}

TEST(GeminiFacts, RefusesWhatTwoReadersCouldReadDifferently) {
  const char* const bodies[] = {
      "",
      R"("text")",
      R"({"generationConfig":{"maxOutputTokens":1,"max_output_tokens":9}})",
      R"({"generationConfig":{"maxOutputTokens":1,"maxOutputTokens":9}})",
      R"({"generationConfig":{"maxOutputTokens":1},"generation_config":{"maxOutputTokens":9}})",
      R"({"generationConfig":{},"generationConfig":{"maxOutputTokens":9}})",
      R"({"generationConfig":{"maxoutputtokens":9}})",
      R"({"generationConfig":[]})",
      R"({"generationConfig":{"maxOutputTokens":-1}})",
      R"({"generationConfig":{"maxOutputTokens":"5"}})",
      R"({"generationConfig":{"candidateCount":2,"candidate_count":3}})",
      R"({"generationConfig":{"candidateCount":1000000}})",
      R"({"cachedContent":"a","cached_content":"b"})",
      "{\"contents\":[{\"parts\":[{\"text\":\"\xff\"}]}]}",
  };
  for (const char* body : bodies) {
    EXPECT_FALSE(facts_for(gemini_format(), plain_path, body)) << body;
  }
}

TEST(GeminiFacts, KnowsWhatTheBodyDoesNotHold) {
  struct Case {
    const char* body;
    bool unbounded;
    std::int64_t searches;
  };
  const Case cases[] = {
      {R"({"contents":[{"parts":[{"text":"hi"}]}]})", false, 0},
      {R"({"tools":[{"functionDeclarations":[]}]})", false, 0},
      {R"({"tools":[{"google_search":{}}]})", true, 10},
      {R"({"tools":{"googleSearch":{}}})", true, 10},
      {R"({"tools":[{"urlContext":{}}]})", true, 0},
      {R"({"tools":[{"code_execution":{}}]})", true, 0},
      {R"({"cachedContent":"cachedContents/1"})", true, 0},
      {R"({"contents":[{"parts":[{"fileData":{"fileUri":"gs://x"}}]}]})", true, 0},
      {R"({"contents":{"parts":{"file_data":{"file_uri":"gs://x"}}}})", true, 0},
      {R"({"contents":[{"parts":[{"inlineData":{"mimeType":"application/pdf","data":"AAAA"}}]}]})",
       true, 0},
      {R"({"contents":[{"parts":[{"inlineData":{"mimeType":"audio/wav","data":"AAAA"}}]}]})", false,
       0},
      {R"({"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}]})", true,
       0},
  };
  const std::string picture =
      "iVBORw0KGgoAAAANSUhEUgAAA+gAAALuCAYAAAAAAAAA" + std::string(9999, 'A');
  for (const char* type : {R"("mimeType":"image/png","mime_type":"text/plain")",
                           R"("mimeType":"image/png","mimeType":"text/plain")"}) {
    const auto facts = facts_for(gemini_format(), plain_path,
                                 R"({"contents":[{"parts":[{"inlineData":{)" + std::string(type) +
                                     R"(,"data":")" + picture + R"("}}]}]})");
    ASSERT_TRUE(facts);
    EXPECT_TRUE(facts->input_unbounded) << type;
  }
  for (const Case& c : cases) {
    const auto facts = facts_for(gemini_format(), plain_path, c.body);
    ASSERT_TRUE(facts) << c.body << facts.error();
    EXPECT_EQ(facts->input_unbounded, c.unbounded) << c.body;
    EXPECT_EQ(facts->extras.search_units, c.searches) << c.body;
    EXPECT_GE(facts->input_bound, static_cast<std::int64_t>(std::string_view(c.body).size()) - 10);
  }
}

TEST(GeminiFacts, ReadsModalitiesAndTiers) {
  const auto facts = facts_for(
      gemini_format(), plain_path,
      R"({"generationConfig":{"responseModalities":["TEXT","IMAGE","AUDIO"]},"service_tier":"FLEX"})");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->extras.tier, pricing::ServiceTier::flex);
}

TEST(GeminiFacts, ChecksTheModelThatAnEmbeddingRepeats) {
  constexpr std::string_view embed = "/v1beta/models/gemini-embedding-001:embedContent";
  constexpr std::string_view batch = "/v1beta/models/gemini-embedding-001:batchEmbedContents";
  const auto facts =
      facts_for(gemini_format(), embed,
                R"({"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a"}]}})");
  ASSERT_TRUE(facts) << facts.error();
  EXPECT_FALSE(facts->has_output);
  EXPECT_FALSE(facts_for(gemini_format(), embed, R"({"model":"models/other"})"));
  EXPECT_TRUE(facts_for(gemini_format(), batch,
                        R"({"requests":[{"model":"models/gemini-embedding-001"}]})"));
  EXPECT_FALSE(facts_for(gemini_format(), batch, R"({"requests":[{"model":"models/other"}]})"));
  EXPECT_FALSE(facts_for(gemini_format(), batch,
                         R"({"requests":[{"model":"models/gemini-embedding-001",)"
                         R"("model":"models/other"}]})"));
  EXPECT_EQ(rewritten(gemini_format(), embed, R"({"model":"models/gemini-embedding-001"})", {}),
            R"({"model":"models/gemini-embedding-001"})");
}

TEST(GeminiRewrite, GivesEveryRequestOfABatchTheModel) {
  const std::string path = "/v1beta/models/gemini-embedding-001:batchEmbedContents";
  const std::string body =
      R"({"requests": [ {"model":"models/gemini-embedding-001","content":{"parts":[{"text":"model"}]}},)"
      R"( {"content":{}}, null, {"content":[1,2],"model" : "models\/gemini-embedding-001" }]})";
  const Route route = route_for(gemini_format(), path);
  const RequestView request{"application/json", body};
  const auto facts = gemini_format().facts(route, request);
  ASSERT_TRUE(facts) << facts.error();
  Rewrite rewrite;
  rewrite.model = "small";
  const std::string changed = gemini_format().rewrite(route, request, *facts, rewrite);
  EXPECT_EQ(changed,
            R"({"requests": [ {"model":"models/small","content":{"parts":[{"text":"model"}]}},)"
            R"( {"content":{}}, null, {"content":[1,2],"model" : "models/small" }]})");
  const auto new_path = gemini_format().path_with_model(route, path, "small");
  ASSERT_TRUE(new_path);
  EXPECT_TRUE(
      gemini_format().facts(route_for(gemini_format(), *new_path), {"application/json", changed}))
      << "the path and the body name one model";
}

TEST(GeminiRewrite, ChangesNothingElse) {
  struct Case {
    const char* body;
    const char* changed;
  };
  const Case cases[] = {
      {R"({"contents":[]})", R"({"generationConfig":{"maxOutputTokens":7},"contents":[]})"},
      {R"({})", R"({"generationConfig":{"maxOutputTokens":7}})"},
      {R"({"generationConfig":null})", R"({"generationConfig":{"maxOutputTokens":7}})"},
      {R"({"generationConfig": { }})", R"({"generationConfig": {"maxOutputTokens":7 }})"},
      {R"({"generation_config": {"temperature": 1}})",
       R"({"generation_config": {"maxOutputTokens":7,"temperature": 1}})"},
      {R"({"generation_config": {"max_output_tokens": 100 }})",
       R"({"generation_config": {"max_output_tokens": 7 }})"},
      {R"({"generationConfig": {"maxOutputTokens": null }})",
       R"({"generationConfig": {"maxOutputTokens": 7 }})"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(rewritten(gemini_format(), plain_path, c.body, {.max_output = 7}), c.changed);
  }
  const auto moved = [](std::string_view path) {
    return gemini_format().path_with_model(route_for(gemini_format(), path), path, "gemini-2.0");
  };
  EXPECT_EQ(moved(stream_path), "/v1beta/models/gemini-2.0:streamGenerateContent");
  EXPECT_EQ(moved(std::string(vertex_folder) + "/models/m:generateContent"),
            std::string(vertex_folder) + "/models/gemini-2.0:generateContent");
  EXPECT_EQ(moved("/v1beta/tunedModels/mine:generateContent"), std::nullopt);
}

TEST(GeminiPictures, CountAtLeastAsPublished) {
  EXPECT_GE(gemini_picture_tokens({384, 384, false}), 258);
  EXPECT_GE(gemini_picture_tokens({960, 540, false}), 6 * 258);
  EXPECT_GE(gemini_picture_tokens({10000, 256, false}), 40 * 258);
}

TEST(GeminiParts, HoldAllTheText) {
  const auto parts = gemini_parts({"application/json", R"({
    "systemInstruction":{"parts":[{"text":"be kind"}]},
    "contents":[{"role":"user","parts":[{"text":"hi"},{"inlineData":{"mimeType":"audio/wav","data":"AAAA"}}]},
      {"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}}]}],
    "tools":[{"functionDeclarations":[]}]})"});
  ASSERT_EQ(parts.messages.size(), 3U);
  EXPECT_EQ(parts.messages[0].texts, std::vector<std::string>{"be kind"});
  EXPECT_EQ(parts.messages[1].texts, std::vector<std::string>{"hi"});
  EXPECT_EQ(parts.messages[2].texts, std::vector<std::string>{R"({"name":"f","args":{"a":1}})"});
  EXPECT_EQ(parts.file_bytes, 4);
  EXPECT_EQ(parts.tool_schemas.size(), 1U);
  EXPECT_EQ(gemini_parts({"", R"({"requests":[{"content":{"parts":[{"text":"a"}]}}]})"}).texts,
            std::vector<std::string>{"a"});
  EXPECT_EQ(gemini_parts({"", R"({"instances":[{"content":"a"}]})"}).texts,
            std::vector<std::string>{"a"});
}

pricing::Usage usage_of(std::string_view figures, std::string_view before = "") {
  const std::string body =
      "{" + std::string(before) + R"("usageMetadata":)" + std::string(figures) + "}";
  return read_every_way(gemini_format(),
                        options_for(gemini_format(), plain_path, "application/json", false), body)
      .reading.usage;
}

TEST(GeminiUsage, AddsThoughtsAndTools) {
  EXPECT_EQ(
      totals(usage_of(
          R"({"promptTokenCount":10,"candidatesTokenCount":12,"thoughtsTokenCount":5,"totalTokenCount":27})")),
      (Totals{10, 17, 27}));
  EXPECT_EQ(totals(usage_of(R"({"promptTokenCount":12,"totalTokenCount":12})",
                            R"("candidates":[],"promptFeedback":{"blockReason":"SAFETY"},)")),
            (Totals{12, 0, 12}));
  EXPECT_EQ(
      totals(usage_of(
          R"({"promptTokenCount":10,"toolUsePromptTokenCount":7,"candidatesTokenCount":1,"totalTokenCount":18})")),
      (Totals{17, 1, 18}));
  // What the total has beyond its parts is output.
  EXPECT_EQ(
      totals(usage_of(R"({"promptTokenCount":10,"candidatesTokenCount":1,"totalTokenCount":30})")),
      (Totals{10, 20, 30}));
}

TEST(GeminiUsage, KeepsItsBucketsApart) {
  const pricing::Usage usage = usage_of(
      R"({"promptTokenCount":100,"cachedContentTokenCount":40,"candidatesTokenCount":50,"totalTokenCount":150,
          "promptTokensDetails":[{"modality":"TEXT","tokenCount":20},{"modality":"AUDIO","tokenCount":50},{"modality":"IMAGE","tokenCount":30}],
          "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":40}],
          "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":45}]})");
  EXPECT_EQ(usage.cache_read.value(), 40);
  EXPECT_EQ(usage.audio_input.value(), 10);
  EXPECT_EQ(usage.image_input.value(), 30);
  EXPECT_EQ(usage.input.value(), 20);
  EXPECT_EQ(usage.image_output.value(), 45);
  EXPECT_EQ(usage.output.value(), 5);
  EXPECT_EQ(usage.total().value(), 150);
}

TEST(GeminiUsage, CountsEmbeddingsWhereItIsTold) {
  const auto vertex = std::string(vertex_folder) + "/models/text-embedding-005:predict";
  const ReadResult told = read_every_way(
      gemini_format(), options_for(gemini_format(), vertex, "application/json", false),
      R"({"predictions":[{"embeddings":{"statistics":{"token_count":6}}},{"embeddings":{"statistics":{"token_count":5}}}]})");
  EXPECT_EQ(totals(told.reading.usage), (Totals{11, 0, 11}));
  EXPECT_TRUE(told.reading.input_reported);
  const ReadResult untold = read_every_way(
      gemini_format(),
      options_for(gemini_format(), "/v1beta/models/e:embedContent", "application/json", false),
      R"({"embedding":{"values":[1,2]}})");
  EXPECT_FALSE(untold.reading.input_reported);
  EXPECT_TRUE(untold.reading.finished);
}

const std::string first_chunk =
    R"({"candidates":[{"content":{"parts":[{"text":"Hi "}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4},"modelVersion":"gemini-2.5-flash","responseId":"r1"})";
const std::string second_chunk =
    R"({"candidates":[{"content":{"parts":[{"text":"there"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2,"totalTokenCount":6}})";
const std::string last_chunk =
    R"({"candidates":[{"content":{"parts":[{"text":"."}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":3,"totalTokenCount":7}})";

struct Framed {
  const char* content_type;
  std::string begun;
  std::string whole;
};

std::vector<Framed> framings() {
  const auto sse = [](const std::string& json) { return "data: " + json + "\r\n\r\n"; };
  return {
      {"text/event-stream", sse(first_chunk) + sse(second_chunk),
       sse(first_chunk) + sse(second_chunk) + sse(last_chunk)},
      {"application/json; charset=UTF-8", "[" + first_chunk + "\r\n,\r\n" + second_chunk,
       "[" + first_chunk + "\r\n,\r\n" + second_chunk + ",\r\n" + last_chunk + "]\r\n"},
      {"text/event-stream",
       sse(R"({"response":)" + first_chunk + "}") + sse(R"({"response":)" + second_chunk + "}"),
       sse(R"({"response":)" + first_chunk + "}") + sse(R"({"response":)" + second_chunk + "}") +
           sse(R"({"response":)" + last_chunk + "}")}};
}

TEST(GeminiStream, TakesTheLastUsageInEveryFraming) {
  for (const Framed& framed : framings()) {
    SCOPED_TRACE(framed.whole);
    const ReaderOptions options =
        options_for(gemini_format(), stream_path, framed.content_type, true);
    const ReadResult read = read_every_way(gemini_format(), options, framed.whole);
    EXPECT_EQ(totals(read.reading.usage), (Totals{4, 3, 7}));
    EXPECT_EQ(read.text, "Hi there.");
    EXPECT_TRUE(read.reading.finished && read.reading.output_reported);
    EXPECT_EQ(read.reading.model, "gemini-2.5-flash");
    EXPECT_EQ(read.reading.upstream_id, "r1");
    const ReadResult begun = read_pieces(gemini_format(), options, {framed.begun}, false);
    EXPECT_FALSE(begun.reading.finished);
    EXPECT_TRUE(begun.reading.output_reported);
    EXPECT_EQ(begun.reading.usage.output_total().value(), 2);
  }
}

TEST(GeminiStream, DoesNotTakeSilenceForZero) {
  const ReadResult read = read_every_way(
      gemini_format(), options_for(gemini_format(), stream_path, "text/event-stream", true),
      "data: " + first_chunk + "\r\n\r\n");
  EXPECT_TRUE(read.reading.input_reported);
  EXPECT_FALSE(read.reading.output_reported);
}

TEST(GeminiStream, IsCutLikeOneThatRanOutOfTokens) {
  pricing::Usage usage;
  usage.input = pricing::Tokens(4);
  usage.output = pricing::Tokens(2);
  for (const Framed& framed : framings()) {
    const ReaderOptions options =
        options_for(gemini_format(), stream_path, framed.content_type, true);
    const std::string cut = ending_after(gemini_format(), options, framed.begun, usage);
    ASSERT_TRUE(cut.starts_with(framed.begun));
    EXPECT_TRUE(cut.contains(R"("finishReason":"MAX_TOKENS","index":0)")) << cut;
    const ReadResult read = read_pieces(gemini_format(), options, {cut}, false);
    EXPECT_TRUE(read.reading.finished) << cut;
    EXPECT_EQ(totals(read.reading.usage), (Totals{4, 2, 6}));
    if (std::string_view(framed.content_type).starts_with("application/json")) {
      EXPECT_TRUE(parse_json(cut)) << cut;
    }
    const std::string from_nothing = ending_after(gemini_format(), options, "", usage);
    EXPECT_TRUE(read_pieces(gemini_format(), options, {from_nothing}, false).reading.finished);
    // One that has ended gets no second end (white space behind it may wait).
    EXPECT_TRUE(
        framed.whole.starts_with(ending_after(gemini_format(), options, framed.whole, usage)));
  }
}

TEST(GeminiStream, TellsWhatWentWrong) {
  const auto read = [](std::string_view type, std::string_view body) {
    return read_every_way(gemini_format(), options_for(gemini_format(), stream_path, type, true),
                          body)
        .reading;
  };
  EXPECT_EQ(
      read("text/event-stream", "data: {\"error\":{\"code\":503,\"message\":\"busy\"}}\n\n").error,
      "busy");
  EXPECT_EQ(read("application/json", R"([{"error":{"code":503,"message":"busy"}}])").error, "busy");
  EXPECT_TRUE(read("text/event-stream", "<html></html>").malformed);
  EXPECT_TRUE(read("application/json", "busy").malformed);
}

TEST(GeminiRefusal, SpeaksTheFormatsWords) {
  Problem problem{
      .kind = ProblemKind::budget_exceeded, .message = "m", .request_id = "r", .retry_after_s = 5};
  problem.budget = BudgetDetail{.budget = "b"};
  const ErrorAnswer answer = gemini_format().refusal(problem);
  const auto body = parse_json(answer.body);
  ASSERT_TRUE(body) << answer.body;
  const auto error = member(body->element(), "error");
  ASSERT_TRUE(error);
  EXPECT_EQ(reported_count(*error, "code"), 429);
  EXPECT_EQ(reported_string(*error, "status"), "RESOURCE_EXHAUSTED");
  EXPECT_TRUE(answer.body.contains(R"("retryDelay":"5s")"));
}

}  // namespace
}  // namespace budget::wire
