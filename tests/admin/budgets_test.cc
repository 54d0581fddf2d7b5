#include <gtest/gtest.h>

#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

std::vector<std::string> ids_of(const Told& told) {
  std::vector<std::string> ids;
  for (const auto& item : told.body.at("items").as_array()) ids.push_back(text_of(item.at("id")));
  return ids;
}

using Ids = std::vector<std::string>;

TEST(Budgets, AreListedAndFiltered) {
  AdminUnderTest admin;
  const std::pair<const char*, Ids> cases[] = {{"/api/budgets", {"team", "idle"}},
                                               {"/api/budgets?is_active=true", {"team"}},
                                               {"/api/budgets?is_active=false", {"idle"}},
                                               {"/api/budgets?owner=platform", {"team"}},
                                               {"/api/budgets?limit=1&page=2", {"idle"}},
                                               {"/api/budgets/idle/policies", {"idle/anthropic"}}};
  for (const auto& [target, expected] : cases)
    EXPECT_EQ(ids_of(admin.ask("GET", target)), expected);
  EXPECT_EQ(text_of(admin.ask("GET", "/api/budgets/team").data().at("source")), "file");
  for (const auto* path : {"/api/budgets/x", "/api/budgets/x/policies", "/api/budgets/x/summary"}) {
    EXPECT_EQ(admin.ask("GET", path).error(), "resource_not_found") << path;
  }
  EXPECT_EQ(admin.ask("GET", "/api/budgets?is_active=1").error(), "invalid_request");
}

TEST(Policies, AreListedFilteredAndFoundByBothFormsOfTheirId) {
  AdminUnderTest admin;
  const std::pair<const char*, Ids> cases[] = {
      {"/api/policies", {"team/daily-cap", "team/by-component", "team/rolling", "idle/anthropic"}},
      {"/api/policies?period=rolling", {"team/rolling"}},
      {"/api/policies?enabled=false", {"idle/anthropic"}},
      {"/api/policies?provider=openai", {"team/daily-cap", "team/by-component", "team/rolling"}}};
  for (const auto& [target, expected] : cases)
    EXPECT_EQ(ids_of(admin.ask("GET", target)), expected);
  for (const auto* path : {"/api/policies/team%2Frolling", "/api/policies/team/rolling"}) {
    const Told told = admin.ask("GET", path);
    ASSERT_EQ(told.response.status, 200) << path;
    EXPECT_EQ(told.data().at("rolling_seconds").as_int64(), 18'000);
  }
  EXPECT_EQ(text_of(admin.ask("GET", "/api/policies/team/daily-cap").data().at("cost_limit")),
            "1.000000000");
  EXPECT_EQ(admin.ask("GET", "/api/policies/team").error(), "resource_not_found");
}

TEST(Summary, TellsSpentAndHeldWithOneItemForEachPartition) {
  AdminUnderTest admin;
  admin.play_call("r1", "apollo", 100, 50, 250'000'000);
  admin.play_call("r2", "codex", 1, 1, 1);
  admin.play_call("r3", "codex", 30, 40, 100'000'000, true);
  const Told told = admin.ask("GET", "/api/budgets/team/summary");
  ASSERT_EQ(told.response.status, 200) << told.response.body;
  const auto& items = told.body.at("items").as_array();
  ASSERT_EQ(items.size(), 4U);
  EXPECT_EQ(told.body.at("total").as_int64(), 4);
  const auto& daily = items[0];
  for (const auto* field :
       {"policy_id",     "policy",       "type",          "period",          "partition",
        "window_start",  "resets_at",    "spent",         "spent_nano",      "reserved",
        "reserved_nano", "limit",        "limit_nano",    "remaining",       "remaining_nano",
        "percentage",    "input_tokens", "output_tokens", "reserved_tokens", "requests",
        "in_flight",     "limits",       "forecast"}) {
    EXPECT_TRUE(daily.as_object().contains(field)) << field;
  }
  EXPECT_EQ(text_of(daily.at("policy_id")), "team/daily-cap");
  EXPECT_EQ(text_of(daily.at("spent")), "0.250000001");
  EXPECT_EQ(daily.at("reserved_nano").as_int64(), 100'000'000);
  EXPECT_EQ(daily.at("remaining_nano").as_int64(), 649'999'999);
  EXPECT_EQ(daily.at("percentage").as_double(), 35.0);
  EXPECT_EQ(daily.at("requests").as_int64(), 2);
  EXPECT_EQ(daily.at("in_flight").as_int64(), 1);
  EXPECT_EQ(daily.at("reserved_tokens").as_int64(), 70);
  EXPECT_EQ(text_of(daily.at("window_start")), "2026-11-24T00:00:00Z");
  EXPECT_EQ(text_of(daily.at("resets_at")), "2026-11-25T00:00:00Z");
  // Half the day is over.
  EXPECT_EQ(daily.at("forecast").at("cost_nano").as_int64(), 500'000'002);
  EXPECT_TRUE(daily.at("forecast").at("exhausted_at").is_null());

  EXPECT_EQ(text_of(items[1].at("partition")), "component=apollo");
  EXPECT_EQ(items[1].at("input_tokens").as_int64(), 100);
  EXPECT_EQ(items[1].at("percentage").as_double(), 15.0);
  EXPECT_TRUE(items[1].at("limit").is_null());
  EXPECT_EQ(items[1].at("limits").at("tokens").as_int64(), 1000);
  EXPECT_EQ(text_of(items[2].at("partition")), "component=codex");
  EXPECT_TRUE(items[3].at("percentage").is_null());
  EXPECT_TRUE(items[3].at("forecast").is_null());
}

TEST(Summary, ForecastsWhenTheLimitWillBeReached) {
  AdminUnderTest admin;
  admin.play_call("r1", "apollo", 1, 1, 800'000'000);
  const Told told = admin.ask("GET", "/api/budgets/team/summary");
  EXPECT_EQ(text_of(told.body.at("items").at(0).at("forecast").at("exhausted_at")),
            "2026-11-24T15:00:00Z");
}

TEST(Summary, LeavesPartitionsOfPastPeriodsOut) {
  AdminUnderTest admin;
  admin.play_call("r1", "apollo", 1, 1, 1);
  admin.clock.time += std::chrono::hours(24);
  const Told told = admin.ask("GET", "/api/budgets/team/summary?limit=1&page=2");
  EXPECT_EQ(told.body.at("total").as_int64(), 2);
  EXPECT_EQ(text_of(told.body.at("items").at(0).at("policy")), "rolling");
}

}  // namespace
}  // namespace budget::admin
