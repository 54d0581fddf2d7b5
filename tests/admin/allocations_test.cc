#include <gtest/gtest.h>

#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

const boost::json::value& daily(const Told& told) {
  return told.body.at("items").at(0);
}

constexpr const char* wish = R"({"context_id":"c1","component":"apollo","tokens_allocated":1001,
    "provider":"openai","model":"gpt-4o","tier":"heavy","task_type":"coding","priority":7,
    "expiration_time":"2026-11-24T13:00:00Z","metadata":{"why":"demo"}})";

TEST(Allocations, SetTokensAndTheirWorstCostAsideAndGiveThemBack) {
  AdminUnderTest admin;
  const Told made = admin.ask("POST", "/api/allocations", wish);
  ASSERT_EQ(made.response.status, 201) << made.response.body;
  const std::string id = text_of(made.data().at("allocation_id"));
  EXPECT_EQ(made.data().at("tokens_allocated").as_int64(), 1001);
  EXPECT_EQ(made.data().at("output_tokens_allocated").as_int64(), 500);
  EXPECT_EQ(made.data().at("tokens_remaining").as_int64(), 1001);
  const std::int64_t cost = made.data().at("cost_allocated_nano").as_int64();
  EXPECT_GT(cost, 0);
  const Told summary = admin.ask("GET", "/api/budgets/team/summary");
  EXPECT_EQ(daily(summary).at("reserved_nano").as_int64(), cost);
  EXPECT_EQ(daily(summary).at("reserved_tokens").as_int64(), 1001);

  admin.restart();
  const Told read = admin.ask("GET", "/api/allocations/" + id);
  EXPECT_EQ(text_of(read.data().at("state")), "active");
  EXPECT_EQ(text_of(read.data().at("context_id")), "c1");
  EXPECT_EQ(text_of(read.data().at("component")), "apollo");
  EXPECT_EQ(text_of(read.data().at("metadata").at("why")), "demo");
  EXPECT_EQ(text_of(read.data().at("expiration_time")), "2026-11-24T13:00:00Z");

  const Told released = admin.ask("POST", "/api/allocations/" + id + "/release");
  EXPECT_EQ(text_of(released.data().at("state")), "released");
  EXPECT_EQ(daily(admin.ask("GET", "/api/budgets/team/summary")).at("reserved_nano").as_int64(), 0);
  EXPECT_EQ(admin.ask("POST", "/api/allocations/" + id + "/release").response.status, 200);
}

TEST(Allocations, EndAfterADayWhereNoTimeWasSaid) {
  AdminUnderTest admin;
  const Told made =
      admin.ask("POST", "/api/allocations", R"({"context_id":"c","tokens_allocated":10})");
  ASSERT_EQ(made.response.status, 201) << made.response.body;
  EXPECT_EQ(text_of(made.data().at("expiration_time")), "2026-11-25T12:00:00Z");
}

TEST(Allocations, OfATierAreHeldAgainstThatTiersPoliciesWithoutAModel) {
  AdminUnderTest admin;
  policy::Policy policy;
  policy.name = "heavy";
  policy.id = "team/heavy";
  policy.match.tier = {"heavy"};
  policy.limits.tokens = policy::Tokens(100);
  admin.file.budgets.at(0).policies.push_back(policy);
  admin.restart();
  const auto ask = [&admin](const std::string& rest) {
    return admin.ask("POST", "/api/allocations",
                     R"({"context_id":"c","tokens_allocated":101)" + rest + "}");
  };
  EXPECT_EQ(ask("").response.status, 201);
  const Told refused = ask(R"(,"tier":"heavy")");
  ASSERT_EQ(refused.error(), "insufficient_budget") << refused.response.body;
  EXPECT_EQ(text_of(refused.body.at("error").at("details").at("policy")), "heavy");
  EXPECT_EQ(ask(R"(,"tier":"imaginary")").error(), "invalid_request");
}

TEST(Allocations, OfAContextAreListed) {
  AdminUnderTest admin;
  for (const char* context : {"a/b", "other", "a/b"}) {
    const Told made =
        admin.ask("POST", "/api/allocations",
                  R"({"tokens_allocated":10,"context_id":")" + std::string(context) + "\"}");
    ASSERT_EQ(made.response.status, 201) << made.response.body;
  }
  const Told listed = admin.ask("GET", "/api/allocations/context/a%2Fb?limit=1");
  EXPECT_EQ(listed.body.at("total").as_int64(), 2);
  EXPECT_EQ(listed.body.at("items").as_array().size(), 1U);
  EXPECT_EQ(admin.ask("GET", "/api/allocations/context/none").body.at("total").as_int64(), 0);
}

TEST(Allocations, AreRefusedWithTheFiguresOfTheLimitThatHasNoRoom) {
  AdminUnderTest admin;
  const Told told = admin.ask("POST", "/api/allocations",
                              R"({"context_id":"c","tokens_allocated":100000000,
                                  "provider":"openai","model":"gpt-4o"})");
  EXPECT_EQ(told.response.status, 409);
  ASSERT_EQ(told.error(), "insufficient_budget") << told.response.body;
  const auto& details = told.body.at("error").at("details");
  EXPECT_EQ(text_of(details.at("policy")), "daily-cap");
  EXPECT_EQ(text_of(details.at("unit")), "cost");
  EXPECT_EQ(details.at("limit").as_int64(), 1'000'000'000);
  EXPECT_EQ(text_of(details.at("resets_at")), "2026-11-25T00:00:00Z");
  EXPECT_NE(told.message().find("daily-cap"), std::string::npos);
}

TEST(Allocations, WithTheSameIdempotencyKeyAreTheSame) {
  AdminUnderTest admin;
  const auto make = [&admin](const std::string& key, const std::string& body) {
    return admin.ask_with(
        {{"x-api-key", std::string(AdminUnderTest::admin_key)}, {"idempotency-key", key}}, "POST",
        "/api/allocations", body);
  };
  const Told first = make("k", wish);
  const Told second = make("k", wish);
  ASSERT_EQ(second.response.status, 201) << second.response.body;
  EXPECT_EQ(first.data().at("allocation_id"), second.data().at("allocation_id"));
  EXPECT_NE(make("other", wish).data().at("allocation_id"), first.data().at("allocation_id"));
}

TEST(Allocations, AreListedNewestFirstWithTheirState) {
  AdminUnderTest admin;
  const auto make = [&admin](const std::string& context, const std::string& component) {
    const Told made = admin.ask("POST", "/api/allocations",
                                R"({"tokens_allocated":10,"budget_id":"team","context_id":")" +
                                    context + R"(","component":")" + component + "\"}");
    admin.clock.time += std::chrono::seconds(1);
    return text_of(made.data().at("allocation_id"));
  };
  const std::string first = make("c1", "apollo");
  const std::string second = make("c2", "codex");
  const std::string third = make("c1", "codex");
  admin.ask("POST", "/api/allocations/" + second + "/release");
  const auto listed = [&admin](const std::string& query) {
    const Told told = admin.ask("GET", "/api/allocations?" + query);
    EXPECT_EQ(told.response.status, 200) << told.response.body;
    std::vector<std::string> ids;
    for (const auto& item : told.body.at("items").as_array()) {
      ids.push_back(text_of(item.at("allocation_id")) + " " + text_of(item.at("state")));
    }
    return ids;
  };
  using Ids = std::vector<std::string>;
  EXPECT_EQ(listed(""), (Ids{third + " active", second + " released", first + " active"}));
  EXPECT_EQ(listed("context_id=c1"), (Ids{third + " active", first + " active"}));
  EXPECT_EQ(listed("component=codex&limit=1&page=2"), Ids{second + " released"});
  EXPECT_EQ(listed("budget_id=idle"), Ids{});
  EXPECT_EQ(admin.ask("GET", "/api/allocations?contxt=c").error(), "invalid_request");
}

TEST(Allocations, AreRefusedWithWhatIsWrong) {
  AdminUnderTest admin;
  const std::pair<const char*, const char*> cases[] = {
      {R"({"tokens_allocated":1})", "context_id"},
      {R"({"context_id":"c"})", "tokens_allocated"},
      {R"({"context_id":"c","tokens_allocated":0})", "tokens_allocated"},
      {R"({"context_id":"c","tokens_allocated":10,"output_tokens":11})", "output_tokens"},
      {R"({"context_id":"c","tokens_allocated":1,"model":"gpt-4o"})", "provider"},
      {R"({"context_id":"c","tokens_allocated":1,"provider":"openai","model":"none"})", "model"},
      {R"({"context_id":"c","tokens_allocated":1,"budget_id":"none"})", "budget_id"},
      {R"({"context_id":"c","tokens_allocated":1,"provider":"openai","model":"gpt-4o","tier":"x"})",
       "tier"},
      {R"({"context_id":"c","tokens_allocated":1,"expiration_time":"2026-11-24"})",
       "expiration_time"},
      {R"({"context_id":"c","tokens_allocated":1,"metadata":[]})", "metadata"}};
  for (const auto& [body, field] : cases) {
    const Told told = admin.ask("POST", "/api/allocations", body);
    ASSERT_EQ(told.error(), "invalid_request") << body << told.response.body;
    EXPECT_EQ(text_of(told.body.at("error").at("details").at("problems").at(0).at("field")), field);
  }
  EXPECT_EQ(admin
                .ask("POST", "/api/allocations",
                     R"({"context_id":"c","tokens_allocated":1,"budget_id":"idle"})")
                .error(),
            "invalid_allocation");
  EXPECT_EQ(admin.ask("GET", "/api/allocations/none").error(), "resource_not_found");
  EXPECT_EQ(admin.ask("POST", "/api/allocations/none/release").error(), "resource_not_found");
}

}  // namespace
}  // namespace budget::admin
