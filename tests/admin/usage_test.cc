#include <gtest/gtest.h>

#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

std::vector<std::string> ids_of(const Told& told) {
  std::vector<std::string> ids;
  for (const auto& item : told.body.at("items").as_array()) {
    ids.push_back(text_of(item.at("request_id")));
  }
  return ids;
}

using Ids = std::vector<std::string>;

class Usage : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [id, component] :
         {std::pair("r1", "apollo"), std::pair("r2", "codex"), std::pair("r3", "apollo")}) {
      admin.play_call(id, component, 10, 20, 1'234'500);
      admin.clock.time += std::chrono::minutes(1);
    }
  }
  AdminUnderTest admin;
};

TEST_F(Usage, ListsRecordsNewestFirstByPage) {
  const Told all = admin.ask("GET", "/api/usage/records");
  EXPECT_EQ(ids_of(all), (Ids{"r3", "r2", "r1"}));
  EXPECT_EQ(all.body.at("total").as_int64(), 3);
  EXPECT_EQ(all.body.at("page").as_int64(), 1);
  EXPECT_EQ(all.body.at("limit").as_int64(), 20);
  EXPECT_EQ(ids_of(admin.ask("GET", "/api/usage/records?limit=2&page=2")), Ids{"r1"});
  EXPECT_EQ(ids_of(admin.ask("GET", "/api/usage/records?page=9")), Ids{});
}

TEST_F(Usage, FiltersRecords) {
  const std::pair<const char*, Ids> cases[] = {
      {"component=apollo", {"r3", "r1"}},
      {"component=none", {}},
      {"provider=openai&model=gpt-4o", {"r3", "r2", "r1"}},
      {"tag=team%3Dresearch", {"r3", "r2", "r1"}},
      {"tag=team=other", {}},
      {"request_id=r2", {"r2"}},
      {"policy_id=team%2Fdaily-cap", {"r3", "r2", "r1"}},
      {"budget_id=idle", {}},
      {"budget_id=team", {"r3", "r2", "r1"}},
      {"start_time=2026-11-24T12:01:00Z", {"r3", "r2"}},
      {"start_time=2026-11-24T13:01:00%2B01:00&end_time=2026-11-24T12:02:00Z", {"r2"}},
      {"end_time=2026-11-24", {}}};
  for (const auto& [query, expected] : cases) {
    const Told told = admin.ask("GET", std::string("/api/usage/records?") + query);
    ASSERT_EQ(told.response.status, 200) << told.response.body;
    EXPECT_EQ(ids_of(told), expected) << query;
  }
}

TEST_F(Usage, RefusesFiltersItCannotRead) {
  for (const auto* query :
       {"limit=0", "limit=501", "limit=x", "page=0", "page=-1", "limit=1.5", "compnent=apollo",
        "component=a&component=b", "start_time=yesterday", "tag=x", "tag==x", "component=%zz",
        "start_time=2026-02-30", "budget_id=none", "start_time=2026-11-25&end_time=2026-11-24"}) {
    const Told told = admin.ask("GET", std::string("/api/usage/records?") + query);
    EXPECT_EQ(told.response.status, 400) << query;
    EXPECT_EQ(told.error(), "invalid_request") << query;
  }
  const Told unknown = admin.ask("GET", "/api/usage/records?compnent=apollo");
  EXPECT_NE(unknown.message().find("component"), std::string::npos);
}

TEST_F(Usage, ShowsARecordWithEveryFieldOfTheContract) {
  const Told told = admin.ask("GET", "/api/usage/records/r1");
  for (const auto* field : {"record_id",
                            "request_id",
                            "timestamp",
                            "ended_at",
                            "component",
                            "context_id",
                            "task_id",
                            "task_type",
                            "user",
                            "tags",
                            "key_id",
                            "provider",
                            "model",
                            "requested_model",
                            "operation",
                            "stream",
                            "status",
                            "decision",
                            "input_tokens",
                            "cache_read_tokens",
                            "cache_write_tokens",
                            "output_tokens",
                            "reasoning_tokens",
                            "audio_input_tokens",
                            "audio_output_tokens",
                            "images",
                            "seconds",
                            "total_tokens",
                            "input_cost",
                            "input_cost_nano",
                            "output_cost",
                            "output_cost_nano",
                            "total_cost",
                            "total_cost_nano",
                            "price_id",
                            "usage_source",
                            "estimated",
                            "allocation_id",
                            "policies",
                            "latency_ms",
                            "time_to_first_byte_ms",
                            "upstream_request_id",
                            "error"}) {
    EXPECT_TRUE(told.data().as_object().contains(field)) << field;
  }
  EXPECT_EQ(text_of(told.data().at("timestamp")), "2026-11-24T12:00:00Z");
  EXPECT_EQ(text_of(told.data().at("ended_at")), "2026-11-24T12:00:00.250Z");
  EXPECT_EQ(text_of(told.data().at("total_cost")), "0.001234500");
  EXPECT_EQ(told.data().at("total_cost_nano").as_int64(), 1'234'500);
  EXPECT_EQ(told.data().at("total_tokens").as_int64(), 30);
  EXPECT_EQ(text_of(told.data().at("tags").at("team")), "research");
  EXPECT_EQ(admin.ask("GET", "/api/usage/records/none").error(), "resource_not_found");
}

TEST_F(Usage, SumsByGroupsWithATotal) {
  const Told told = admin.ask("POST", "/api/usage/summary", R"({"group_by":["component"]})");
  ASSERT_EQ(told.response.status, 200) << told.response.body;
  EXPECT_EQ(told.data().at("total").at("requests").as_int64(), 3);
  EXPECT_EQ(told.data().at("total").at("total_cost_nano").as_int64(), 3 * 1'234'500);
  const auto& groups = told.data().at("groups").as_array();
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(text_of(groups[0].at("group").at("component")), "apollo");
  EXPECT_EQ(groups[0].at("requests").as_int64(), 2);
  EXPECT_EQ(text_of(groups[0].at("total_cost")), "0.002469000");
  EXPECT_EQ(groups[1].at("input_tokens").as_int64(), 10);

  const Told minutes = admin.ask("POST", "/api/usage/summary",
                                 R"({"group_by":["minute","key"],"component":"codex"})");
  ASSERT_EQ(minutes.data().at("groups").as_array().size(), 1U);
  EXPECT_TRUE(minutes.data().at("groups").at(0).at("group").as_object().contains("key"));
  EXPECT_EQ(admin.ask("POST", "/api/usage/summary").data().at("groups").as_array().size(), 0U);
}

TEST_F(Usage, RefusesGroupsItDoesNotHave) {
  for (const auto* body : {R"({"group_by":["planet"]})", R"({"group_by":["day","day"]})",
                           R"({"group_by":7})", R"([])", R"({"a")", R"("x")"}) {
    EXPECT_EQ(admin.ask("POST", "/api/usage/summary", body).error(), "invalid_request") << body;
  }
}

}  // namespace
}  // namespace budget::admin
