// Which paths are OpenAI's, and what is read out of a request.
#include <gtest/gtest.h>
#include <simdjson.h>

#include "proxy/wire/formats.h"
#include "proxy/wire/json.h"
#include "proxy/wire/limits.h"
#include "proxy/wire/openai_facts.h"
#include "proxy/wire/registry.h"
#include "tests/wire/openai_testing.h"

namespace budget::wire {
namespace {

const Format& format = openai_format();

TEST(OpenAiRoutes, KnowsEveryVendorsPaths) {
  struct Case {
    const char* method;
    const char* path;
    Billing billing;
    Operation operation;
    const char* model;
  };
  using enum Billing;
  const Case cases[] = {
      {"POST", "/v1/chat/completions", metered, Operation::chat, ""},
      {"POST", "/chat/completions", metered, Operation::chat, ""},
      {"POST", "/openai/v1/chat/completions", metered, Operation::chat, ""},
      {"POST", "/api/v1/chat/completions", metered, Operation::chat, ""},
      {"POST", "/compatible-mode/v1/chat/completions", metered, Operation::chat, ""},
      {"POST", "/v1beta/openai/chat/completions", metered, Operation::chat, ""},
      {"POST", "/inference/v1/completions", metered, Operation::text_completion, ""},
      {"POST", "/v1/fim/completions", metered, Operation::text_completion, ""},
      {"POST", "/v1/responses", metered, Operation::responses, ""},
      {"POST", "/openai/responses", metered, Operation::responses, ""},
      {"POST", "/v1/embeddings", metered, Operation::embeddings, ""},
      {"POST", "/v1/images/generations", metered, Operation::image_generation, ""},
      {"POST", "/v1/images/edits", metered, Operation::image_generation, ""},
      {"POST", "/v1/images/variations", metered, Operation::image_generation, ""},
      {"POST", "/v1/audio/transcriptions", metered, Operation::transcription, ""},
      {"POST", "/v1/audio/translations", metered, Operation::translation, ""},
      {"POST", "/v1/audio/speech", metered, Operation::speech, ""},
      {"POST", "/openai/deployments/my%20dep/chat/completions", metered, Operation::chat, "my dep"},
      {"POST", "/openai/deployments/e/embeddings", metered, Operation::embeddings, "e"},
      {"POST", "/v1/moderations", free, Operation::moderation, ""},
      {"POST", "/v1/responses/input_tokens", free, Operation::count_tokens, ""},
      {"GET", "/v1/models", free, Operation::other, ""},
      {"GET", "/v1/models/", free, Operation::other, ""},
      {"HEAD", "/", free, Operation::other, ""},
      {"DELETE", "/v1/responses/resp_1", free, Operation::other, ""},
      {"GET", "/v1/chat/completions/x", free, Operation::other, ""},
      {"GET", "/v1/realtime", unmetered, Operation::other, ""},
      {"POST", "/v1/realtime/sessions", unmetered, Operation::other, ""},
      {"POST", "/v1/batches", unmetered, Operation::other, ""},
      {"POST", "/v1/files", unmetered, Operation::other, ""},
      {"POST", "/v1/fine_tuning/jobs", unmetered, Operation::other, ""},
      {"POST", "/v1/assistants", unmetered, Operation::other, ""},
      {"POST", "/v1/threads/t/runs", unmetered, Operation::other, ""},
      {"POST", "/v1/vector_stores", unmetered, Operation::other, ""},
      {"POST", "/v1/responses/resp_1/cancel", unmetered, Operation::other, ""},
      {"PUT", "/v1/chat/completions", unmetered, Operation::other, ""},
      {"POST", "/v1/messages", unmetered, Operation::other, ""},
      // Tricks with paths match nothing.
      {"POST", "/v1/chat/completions/", unmetered, Operation::other, ""},
      {"POST", "/v1//chat/completions", unmetered, Operation::other, ""},
      {"POST", "/v1/./chat/completions", unmetered, Operation::other, ""},
      {"POST", "/v1/x/../chat/completions", unmetered, Operation::other, ""},
      {"POST", "/v1/%63hat/completions", unmetered, Operation::other, ""},
      {"POST", "/v1/chat%2Fcompletions", unmetered, Operation::other, ""},
      {"POST", "/v1/chat\\completions", unmetered, Operation::other, ""},
      {"POST", "/V1/chat/completions", unmetered, Operation::other, ""},
      {"POST", "/openai/deployments/%2e%2e/chat/completions", unmetered, Operation::other, ""},
      {"POST", "/openai/deployments//chat/completions", unmetered, Operation::other, ""},
      {"POST", "/openai/deployments/a%00b/chat/completions", unmetered, Operation::other, ""},
      {"GET", "/v1/%2e%2e/models", unmetered, Operation::other, ""},
      {"GET", "/v1//models", unmetered, Operation::other, ""},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(std::string(test.method) + " " + test.path);
    const Route found = route(ProviderFormat::openai, test.method, test.path, "");
    EXPECT_EQ(found.format, &format);
    EXPECT_EQ(found.billing, test.billing);
    EXPECT_EQ(found.operation, test.operation);
    EXPECT_EQ(found.model, test.model);
  }
}

TEST(OpenAiFacts, ReadsWhatBudgetsCareAbout) {
  const auto facts = facts_of(chat, R"({
    "model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"stream":true,"n":3,
    "max_completion_tokens":100.0,"user":"u1","service_tier":"flex",
    "stream_options":{"include_usage":true},"modalities":["text","audio"]})");
  ASSERT_TRUE(facts) << facts.error();
  EXPECT_EQ(facts->model, "gpt-4o");
  EXPECT_TRUE(facts->stream);
  EXPECT_EQ(facts->max_output, 100);
  EXPECT_EQ(facts->choices, 3);
  EXPECT_EQ(facts->end_user, "u1");
  EXPECT_EQ(facts->extras.tier, pricing::ServiceTier::flex);
  EXPECT_TRUE(facts->usage_asked);
  EXPECT_FALSE(facts->input_unbounded);
  EXPECT_TRUE(facts->has_output);
}

TEST(OpenAiFacts, TakesTheLargerOfTwoCeilingsAndTheOnlyOneThatIsGiven) {
  const std::pair<const char*, std::optional<std::int64_t>> cases[] = {
      {R"({"model":"m"})", std::nullopt},
      {R"({"model":"m","max_tokens":5})", 5},
      {R"({"model":"m","max_tokens":null})", std::nullopt},
      {R"({"model":"m","max_tokens":null,"max_completion_tokens":7})", 7},
      {R"({"model":"m","max_tokens":50,"max_completion_tokens":7})", 50},
      {R"({"model":"m","max_tokens":5,"max_completion_tokens":7})", 7},
  };
  for (const auto& [body, expected] : cases) {
    EXPECT_EQ(facts_of(chat, body)->max_output, expected) << body;
  }
}

TEST(OpenAiFacts, CountsChoicesOverPrompts) {
  const std::pair<const char*, std::int64_t> cases[] = {
      {R"({"model":"m","prompt":"a"})", 1},
      {R"({"model":"m","prompt":["a","b"],"n":2})", 4},
      {R"({"model":"m","prompt":["a","b"],"n":2,"best_of":5})", 10},
      {R"({"model":"m","prompt":[1,2,3]})", 1},
      {R"({"model":"m","prompt":[[1,2],[3]]})", 2},
      {R"({"model":"m","prompt":[],"n":0})", 1},
      {R"({"model":"m","n":null})", 1},
  };
  for (const auto& [body, expected] : cases) {
    EXPECT_EQ(facts_of("/v1/completions", body)->choices, expected) << body;
  }
}

TEST(OpenAiFacts, RefusesWhatTheProviderCouldReadDifferently) {
  const std::string deep =
      "{\"model\":\"m\",\"x\":" + std::string(600, '[') + std::string(600, ']') + "}";
  const std::string bodies[] = {
      "",
      "[]",
      "\"model\"",
      R"({"messages":[]})",
      R"({"model":null})",
      R"({"model":""})",
      R"({"model":["gpt-4o"]})",
      R"({"model":"a","model":"b"})",
      R"({"model":"a","Model":"b"})",
      R"({"model":"a","max_tokens":1,"max_tokens":2})",
      R"({"model":"a","max_completion_tokens":1,"max_completion_tokens":1})",
      R"({"model":"a","MAX_TOKENS":1})",
      R"({"model":"a","stream":true,"stream":false})",
      R"({"model":"a","stream":"true"})",
      R"({"model":"a","stream":1})",
      R"({"model":"a","n":2,"n":1})",
      R"({"model":"a","n":-1})",
      R"({"model":"a","n":99999999999})",
      R"({"model":"a","max_tokens":NaN})",
      R"({"model":"a","max_tokens":-5})",
      R"({"model":"a","max_tokens":"100"})",
      R"({"model":"a","max_tokens":true})",
      R"({"model":"a","max_tokens":0.5})",
      R"({"model":"a","max_tokens":1e18})",
      R"({"model":"a","max_tokens":9223372036854775807})",
      R"({"model":"a","max_tokens":99999999999999999999999})",
      R"({"model":"a","stream_options":[]})",
      R"({"model":"a","stream_options":{"include_usage":true,"include_usage":false}})",
      R"({"model":"a","stream_options":{"include_usage":"yes"}})",
      R"({"model":"a","models":["a","dear"]})",
      R"({"model":"a"}{})",
      R"({"model":"a"} x)",
      "{\"model\":\"a\xFF\"}",
      "{\"model\":\"a\",\"messages\":[{\"content\":\"\xC3\"}]}",
      deep,
  };
  for (const std::string& body : bodies) {
    const auto facts = facts_of(chat, body);
    EXPECT_FALSE(facts) << body;
    if (!facts) EXPECT_FALSE(facts.error().empty());
  }
  for (const char* body : {R"({"model":"a","max_output_tokens":1,"max_output_tokens":1})",
                           R"({"model":"a","background":"yes"})", R"({"input":"x"})"}) {
    EXPECT_FALSE(facts_of("/v1/responses", body)) << body;
  }
}

TEST(OpenAiFacts, BoundsTheInputByItsTextAndPicturesByTheirRules) {
  const std::string picture = "data:image/png;base64," + std::string(4'000'000, 'A');
  const auto body = [&](const char* detail) {
    return R"({"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"text","text":"what?"},)"
           R"({"type":"image_url","image_url":{"url":")" +
           picture + R"(","detail":")" + detail + R"("}}]}]})";
  };
  const auto high = facts_of(chat, body("high"));
  ASSERT_TRUE(high);
  EXPECT_LT(high->input_bound, 2'000);
  EXPECT_GE(high->input_bound, 1'445);
  EXPECT_LT(facts_of(chat, body("low"))->input_bound, high->input_bound);
  EXPECT_FALSE(high->input_unbounded);

  const auto text =
      facts_of(chat, R"({"model":"m","messages":[{"role":"user","content":"hello"}]})");
  EXPECT_GE(text->input_bound, 8);
  EXPECT_LT(text->input_bound, 100);
}

TEST(OpenAiFacts, SaysWhenTheBodyDoesNotHoldAllInput) {
  const std::tuple<const char*, const char*, bool> cases[] = {
      {"/v1/responses", R"({"model":"m","input":"x"})", false},
      {"/v1/responses", R"({"model":"m","previous_response_id":"r"})", true},
      {"/v1/responses", R"({"model":"m","previous_response_id":null})", false},
      {"/v1/responses", R"({"model":"m","conversation":"c"})", true},
      {"/v1/responses", R"({"model":"m","prompt":{"id":"p"}})", true},
      {"/v1/responses", R"({"model":"m","background":true})", true},
      {"/v1/responses", R"({"model":"m","tools":[{"type":"web_search"}]})", true},
      {"/v1/responses", R"({"model":"m","tools":[{"type":"function","name":"f"}]})", false},
      {"/v1/responses", R"({"model":"m","input":[{"type":"item_reference","id":"x"}]})", true},
      {"/v1/responses",
       R"({"model":"m","input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]})",
       true},
      {"/v1/responses",
       R"({"model":"m","input":[{"type":"message","role":"user","content":"a"},)"
       R"({"type":"function_call_output","call_id":"c","output":"text"}]})",
       false},
      {"/v1/chat/completions", R"({"model":"m","web_search_options":{}})", true},
      {"/v1/chat/completions", R"({"model":"m:online"})", true},
      {"/v1/chat/completions",
       R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","type":"file","text":"a"}]}]})",
       true},
      {"/v1/chat/completions",
       R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":)"
       R"({"url":"https://a/b","detail":"low","detail":"high"}}]}]})",
       true},
      {"/v1/chat/completions",
       R"({"model":"m","messages":[{"content":"x","content":[{"type":"file","file":{}}]}]})", true},
      {"/v1/responses", R"({"model":"m","tools":[{"type":"function","type":"web_search"}]})", true},
      {"/v1/chat/completions", R"({"model":"m","plugins":[{"id":"web"}]})", true},
      {"/v1/chat/completions",
       R"({"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{}}]}]})", true},
      {"/v1/chat/completions",
       R"({"model":"m","tools":[{"type":"function","function":{"name":"f"}}]})", false},
  };
  for (const auto& [path, body, unbounded] : cases) {
    const auto facts = facts_of(path, body);
    ASSERT_TRUE(facts) << body << facts.error();
    EXPECT_EQ(facts->input_unbounded, unbounded) << body;
  }
}

TEST(OpenAiFacts, KnowsWhatPicturesAndSpeechCanCome) {
  const auto image =
      facts_of("/v1/images/generations",
               R"({"model":"gpt-image-1","prompt":"x","n":2,"size":"1024x1024","quality":"low"})");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->extras.images, 2);
  EXPECT_EQ(image->choices, 2);
  EXPECT_FALSE(image->ceiling_settable);
  EXPECT_GE(*image->max_output, 272);
  EXPECT_EQ(generated_image_tokens_max("1024x1024", "high"), 4160);
  EXPECT_GE(generated_image_tokens_max("1024x1536", "high"), 6240);
  EXPECT_GE(generated_image_tokens_max("auto", ""), 6240);
  EXPECT_GE(generated_image_tokens_max("4096x4096", "high"), 16 * 4160);

  const auto speech = facts_of("/v1/audio/speech", R"({"model":"tts-1","input":"héllo"})");
  ASSERT_TRUE(speech);
  EXPECT_EQ(speech->extras.characters, 5);

  const auto embeddings = facts_of("/v1/embeddings", R"({"model":"e","input":["a","b"]})");
  ASSERT_TRUE(embeddings);
  EXPECT_FALSE(embeddings->has_output);
  EXPECT_EQ(embeddings->max_output, 0);
}

TEST(OpenAiFacts, ReadsFormsStrictly) {
  const Route transcription = post("/v1/audio/transcriptions");
  const auto form = [](std::string_view parts) {
    std::string body;
    for (std::size_t at = 0; at < parts.size();) {
      const std::size_t end = std::min(parts.find('|', at), parts.size());
      body += "--B\r\n" + std::string(parts.substr(at, end - at)) + "\r\n";
      at = end + 1;
    }
    return body + "--B--\r\n";
  };
  const std::string disposition = "Content-Disposition: form-data; name=";
  const std::string file =
      disposition + "\"file\"; filename=\"a.mp3\"\r\n\r\n" + std::string(1000, 'x');
  const std::string model = disposition + "\"model\"\r\n\r\nwhisper-1";
  const std::string stream = disposition + "\"stream\"\r\n\r\ntrue";
  const char* type = "multipart/form-data; boundary=B";

  const std::string good = form(file + "|" + model + "|" + stream);
  const auto facts = format.facts(transcription, {type, good});
  ASSERT_TRUE(facts) << facts.error();
  EXPECT_EQ(facts->model, "whisper-1");
  EXPECT_TRUE(facts->stream);
  EXPECT_EQ(facts->extras.audio_milliseconds, 2000);
  const std::string rewritten =
      format.rewrite(transcription, {type, good}, *facts, {.model = "gpt-4o-mini-transcribe"});
  EXPECT_EQ(format.facts(transcription, {type, rewritten})->model, "gpt-4o-mini-transcribe");

  const std::tuple<const char*, std::string> bad[] = {
      {type, form(file)},
      {type, form(model + "|" + model)},
      {type, form(file + "|" + file + "|" + model)},
      {type, form("Content-Type: text/plain\r\n\r\nx|" + model)},
      {type, form("Content-Disposition: form-data; name=\"a\\\"b\"\r\n\r\nx|" + model)},
      {type, form(disposition + "\"model\"; name=\"x\"\r\n\r\nm")},
      {type, form(model).substr(0, form(model).size() - 6)},
      {type, form(model) + "more"},
      {type, "preamble\r\n" + form(model)},
      {type, form(disposition + "\"stream\"\r\n\r\n1|" + model)},
      {"multipart/form-data", form(model)},
      {"multipart/form-data; boundary=B; boundary=C", form(model)},
      {"application/json", R"({"model":"whisper-1"})"},
  };
  for (const auto& [content_type, body] : bad) {
    EXPECT_FALSE(format.facts(transcription, {content_type, body})) << content_type << body;
  }
}

// Everything but what was to be changed is byte for byte the same, and the
// result says what was asked for.

}  // namespace
}  // namespace budget::wire
