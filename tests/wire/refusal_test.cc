#include "proxy/wire/refusal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "proxy/wire/dialect.h"
#include "proxy/wire/formats.h"

namespace budget::wire {
namespace {

TEST(OpenAiRefusals, AreTheContractsTable) {
  struct Case {
    ProblemKind kind;
    int status;
    const char* type;
    const char* code;
  };
  using enum ProblemKind;
  const Case cases[] = {
      {budget_exceeded, 429, "insufficient_quota", "budget_exceeded"},
      {key_missing, 401, "invalid_request_error", "invalid_api_key"},
      {key_invalid, 401, "invalid_request_error", "invalid_api_key"},
      {not_allowed, 403, "invalid_request_error", "model_not_allowed"},
      {unpriced_model, 403, "invalid_request_error", "unpriced_model"},
      {unmetered_path, 403, "invalid_request_error", "unmetered_path"},
      {invalid_request, 400, "invalid_request_error", "invalid_request"},
      {request_too_large, 413, "invalid_request_error", "request_too_large"},
      {header_too_large, 431, "invalid_request_error", "request_too_large"},
      {unknown_provider, 404, "invalid_request_error", "unknown_provider"},
      {request_timeout, 408, "invalid_request_error", "request_timeout"},
      {upstream_unreachable, 502, "api_error", "upstream_unreachable"},
      {upstream_timeout, 504, "api_error", "upstream_timeout"},
      {store_unavailable, 503, "api_error", "store_unavailable"},
      {overloaded, 503, "api_error", "overloaded"},
      {internal, 500, "api_error", "internal_error"},
  };
  for (const Case& test : cases) {
    const ErrorAnswer answer = openai_format().refusal({.kind = test.kind, .message = "a \"b\""});
    EXPECT_EQ(answer.status, test.status);
    EXPECT_EQ(answer.content_type, "application/json");
    EXPECT_EQ(answer.body, std::string(R"({"error":{"message":"a \"b\"","type":")") + test.type +
                               R"(","param":null,"code":")" + test.code + R"("}})");
  }
}

TEST(OpenAiRefusals, NameTheBudgetAndWhenToComeBack) {
  Problem problem{.kind = ProblemKind::budget_exceeded, .message = "m", .request_id = "r"};
  problem.status = 402;
  problem.budget = BudgetDetail{"tekton", "daily", "cost", "5.000000000", "4.9", "0.2", "0.1", ""};
  const ErrorAnswer answer = openai_format().refusal(problem);
  EXPECT_EQ(answer.status, 402);
  EXPECT_EQ(
      answer.body,
      R"({"error":{"message":"m","type":"insufficient_quota","param":null,)"
      R"("code":"budget_exceeded","budget":{"budget":"tekton","policy":"daily","unit":"cost",)"
      R"("limit":"5.000000000","spent":"4.9","reserved":"0.2","requested":"0.1",)"
      R"("resets_at":null,"request_id":"r"}}})");
}

TEST(Refusals, TellSdksNotToRetryWhenTheLimitStays) {
  using Headers = std::vector<std::pair<std::string, std::string>>;
  const auto headers = [](ProblemKind kind, std::optional<std::int64_t> seconds) {
    return retry_headers({.kind = kind, .retry_after_s = seconds});
  };
  EXPECT_EQ(headers(ProblemKind::budget_exceeded, 60), (Headers{{"retry-after", "60"}}));
  EXPECT_EQ(headers(ProblemKind::budget_exceeded, 61),
            (Headers{{"retry-after", "61"}, {"x-should-retry", "false"}}));
  EXPECT_EQ(headers(ProblemKind::budget_exceeded, {}), (Headers{{"x-should-retry", "false"}}));
  EXPECT_EQ(headers(ProblemKind::store_unavailable, 1), (Headers{{"retry-after", "1"}}));
  EXPECT_EQ(headers(ProblemKind::internal, {}), Headers{});
}

// AWS's SDKs repeat by the error's name before they look at its status.
TEST(BedrockRefusals, AreNotCalledThrottlingUnderAStatusThatIsNotRepeated) {
  for (const auto& [status, name] : {std::pair{0, "ThrottlingException"},
                                     {429, "ThrottlingException"},
                                     {402, "ServiceQuotaExceededException"},
                                     {403, "ServiceQuotaExceededException"}}) {
    const ErrorAnswer answer = bedrock_format().refusal(
        {.kind = ProblemKind::budget_exceeded, .message = "m", .status = status});
    EXPECT_EQ(answer.status, status == 0 ? 429 : status);
    EXPECT_EQ(answer.body, R"({"message":"m"})");
    EXPECT_NE(std::ranges::find(answer.headers,
                                std::pair{std::string("x-amzn-errortype"), std::string(name)}),
              answer.headers.end())
        << status;
  }
}

TEST(Dialects, HaveEachNameOnce) {
  std::vector<std::string> names = dialect_names();
  EXPECT_NE(std::ranges::find(names, "azure"), names.end());
  for (const std::string& name : names) EXPECT_NE(dialect_named(name), nullptr) << name;
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

TEST(Dialects, AreFoundByNameThenByHost) {
  EXPECT_EQ(dialect_of("xai", "example.org").name, "xai");
  EXPECT_EQ(dialect_of("mine", "api.x.ai").name, "xai");
  EXPECT_EQ(dialect_of("mine", "NAME.openai.azure.com").name, "azure");
  EXPECT_EQ(dialect_of("mine", "evilapi.x.ai.example").name, "generic");
  EXPECT_EQ(dialect_of("mine", "notapi.openai.com").name, "generic");
  EXPECT_EQ(dialect_of("mine", "us-central1-aiplatform.googleapis.com").name, "google");
  EXPECT_EQ(dialect_of("mine", "").name, "generic");
  EXPECT_EQ(dialect_named("nobody"), nullptr);
}

}  // namespace
}  // namespace budget::wire
