#include <gtest/gtest.h>

#include "tests/simulated/played.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

struct ErrorFormat {
  const char* target;
  Headers headers;
  const char* message;  // pointers
  const char* kind;     // "": a header, or nothing
};

const ErrorFormat formats[] = {
    {"/v1/chat/completions", {}, "/error/message", "/error/type"},
    {"/v1/messages", {}, "/error/message", "/error/type"},
    {"/v1beta/models/m:generateContent", {}, "/error/message", "/error/status"},
    {"/model/m/converse", {}, "/message", ""},
    {"/v2/chat", {}, "/message", ""},
    {"/api/chat", {}, "/error", ""},
};

TEST(Errors, SpeakEveryFormatsOwnWordsForEveryStatus) {
  for (const ErrorFormat& format : formats) {
    for (const int status :
         {400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 529, 418, 599}) {
      const Played played =
          post(format.target, "{}", {{"x-simulate-status", std::to_string(status)}});
      EXPECT_EQ(played.answer.status, status);
      const json::value body = played.json();
      EXPECT_FALSE(at(body, format.message).empty()) << played.body;
      if (*format.kind != '\0') {
        EXPECT_FALSE(at(body, format.kind).empty()) << played.body;
      }
      EXPECT_EQ(played.header("retry-after"), status == 429 ? "1" : "");
      EXPECT_FALSE(played.answer.streamed);
    }
  }
}

TEST(Errors, NameTheKindAsEachProviderDoes) {
  const auto kind = [](const char* target, const char* status, const char* pointer) {
    return at(post(target, "{}", {{"x-simulate-status", status}}).json(), pointer);
  };
  EXPECT_EQ(kind("/v1/chat/completions", "401", "/error/code"), "invalid_api_key");
  EXPECT_EQ(kind("/v1/messages", "529", "/error/type"), "overloaded_error");
  EXPECT_EQ(kind("/v1/messages", "413", "/error/type"), "request_too_large");
  EXPECT_EQ(kind("/v1beta/models/m:generateContent", "429", "/error/status"), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(kind("/v1beta/models/m:generateContent", "429", "/error/code"), "429");
  EXPECT_EQ(
      post("/model/m/converse", "{}", {{"x-simulate-status", "429"}}).header("x-amzn-errortype"),
      "ThrottlingException");
}

struct BadRequest {
  const char* target;
  const char* body;
};

TEST(Errors, RefuseBadRequestsAsAProviderWould) {
  const BadRequest bad[] = {
      {"/v1/chat/completions", ""},
      {"/v1/chat/completions", "not json"},
      {"/v1/chat/completions", "[]"},
      {"/v1/chat/completions", R"({"messages":[{"role":"user","content":"x"}]})"},
      {"/v1/chat/completions", R"({"model":"gpt-4o"})"},
      {"/v1/chat/completions", R"({"model":"gpt-4o","messages":[]})"},
      {"/v1/chat/completions", R"({"model":"gpt-4o","messages":[{"role":"user"}],"max_tokens":0})"},
      {"/v1/chat/completions", R"({"model":"gpt-4o","messages":[{"role":"user"}],"n":1000})"},
      {"/v1/completions", R"({"model":"gpt-4o"})"},
      {"/v1/responses", R"({"model":"gpt-4o"})"},
      {"/v1/embeddings", R"({"model":"text-embedding-3-small"})"},
      {"/v1/images/generations", R"({"model":"gpt-image-1"})"},
      {"/v1/audio/speech", R"({"model":"tts-1"})"},
      {"/v1/audio/transcriptions", R"({"model":"whisper-1"})"},
      {"/v1/messages", R"({"model":"claude","messages":[{"role":"user","content":"x"}]})"},
      {"/v1/messages", R"({"model":"claude","max_tokens":5})"},
      {"/v1/messages", R"({"max_tokens":5,"messages":[{"role":"user","content":"x"}]})"},
      {"/v1/messages/count_tokens", R"({"model":"claude"})"},
      {"/v1beta/models/m:generateContent", "{}"},
      {"/v1beta/models/m:embedContent", "{}"},
      {"/model/m/converse", "{}"},
      {"/model/unknown/invoke", "{}"},
      {"/model/meta.llama3/invoke", "{}"},
      {"/v2/chat", R"({"model":"command-r"})"},
      {"/v2/rerank", R"({"model":"rerank-v3.5"})"},
      {"/api/chat", "{}"},
      {"/api/embed", R"({"model":"m"})"},
  };
  for (const BadRequest& each : bad) {
    const Played played = post(each.target, each.body);
    EXPECT_EQ(played.answer.status, 400) << each.target << " " << each.body;
    EXPECT_TRUE(played.json().is_object());
  }
}

TEST(Errors, ReadWhatNestsDeeplyButNotWithoutEnd) {
  const auto nested = [](int depth) {
    return R"({"model":"gpt-4o","messages":[{"role":"user","content":"x"}],"metadata":)" +
           std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(post("/v1/chat/completions", nested(400)).answer.status, 200);
  EXPECT_EQ(post("/v1/chat/completions", nested(100'000)).answer.status, 400);
}

TEST(Errors, DoNotKnowOtherPathsOrMethods) {
  EXPECT_EQ(post("/v1/batches", "{}").answer.status, 404);
  EXPECT_EQ(post("/model//converse", "{}").answer.status, 404);
  EXPECT_EQ(post("", "{}").answer.status, 404);
  EXPECT_EQ(play("GET", "/v1/chat/completions", "").answer.status, 405);
  EXPECT_EQ(play("DELETE", "/v1/messages", "").answer.status, 405);
  EXPECT_EQ(play("GET", "/", "").answer.status, 404);
}

}  // namespace
}  // namespace budget::simulated
