#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "admin/time_bucket.h"
#include "admin/time_text.h"
#include "policy/rfc3339.h"
#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

TEST(TimeBucket, BeginsWhereTheCalendarSays) {
  struct Case {
    Bucket bucket;
    const char *time, *start, *next;
  };
  const Case cases[] = {
      {Bucket::minute, "2026-11-24T13:05:09.25Z", "2026-11-24T13:05:00Z", "2026-11-24T13:06:00Z"},
      {Bucket::hour, "2026-11-24T23:59:59Z", "2026-11-24T23:00:00Z", "2026-11-25T00:00:00Z"},
      {Bucket::day, "2026-12-31T12:00:00Z", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"},
      {Bucket::week, "2026-11-22T23:59:59Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"},
      {Bucket::week, "2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"},
      {Bucket::month, "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
      {Bucket::month, "2028-02-29T00:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"}};
  for (const Case& each : cases) {
    const policy::Time start = bucket_start(each.bucket, *parse_time(each.time));
    EXPECT_EQ(policy::rfc3339(start), each.start);
    EXPECT_EQ(policy::rfc3339(bucket_after(each.bucket, start, 1)), each.next);
    EXPECT_EQ(bucket_after(each.bucket, bucket_after(each.bucket, start, 5), -5), start);
  }
}

// Calls at 12:00, 13:00 and 13:30 on Tuesday, the 24th.
class Series : public testing::Test {
 protected:
  void SetUp() override {
    admin.play_call("r1", "apollo", 10, 20, 1'000'000);
    admin.clock.time += std::chrono::hours(1);
    admin.play_call("r2", "=cmd|'/c calc'!A1", 10, 20, 2'000'000);
    admin.clock.time += std::chrono::minutes(30);
    admin.play_call("r3", "apollo", 10, 20, 4'000'000);
  }
  std::vector<std::pair<std::string, std::int64_t>> costs(const std::string& query) {
    const Told told = admin.ask("GET", "/api/usage/timeseries?" + query);
    EXPECT_EQ(told.response.status, 200) << told.response.body;
    std::vector<std::pair<std::string, std::int64_t>> found;
    for (const auto& point : told.data().at("points").as_array()) {
      found.emplace_back(text_of(point.at("time")), point.at("total_cost_nano").as_int64());
    }
    return found;
  }
  AdminUnderTest admin;
};

using Costs = std::vector<std::pair<std::string, std::int64_t>>;

TEST_F(Series, HasEveryBucketOfItsTimeInOrder) {
  EXPECT_EQ(costs("bucket=hour&start_time=2026-11-24T11:30:00Z&end_time=2026-11-24T15:00:00Z"),
            (Costs{{"2026-11-24T11:00:00Z", 0},
                   {"2026-11-24T12:00:00Z", 1'000'000},
                   {"2026-11-24T13:00:00Z", 6'000'000},
                   {"2026-11-24T14:00:00Z", 0}}));
  EXPECT_EQ(costs("bucket=week&start_time=2026-11-20&end_time=2026-11-25"),
            (Costs{{"2026-11-16T00:00:00Z", 0}, {"2026-11-23T00:00:00Z", 7'000'000}}));
  EXPECT_EQ(costs("bucket=month&start_time=2026-11-01&component=apollo"),
            (Costs{{"2026-11-01T00:00:00Z", 5'000'000}}));
  EXPECT_EQ(costs("bucket=day").size(), 48U);
  EXPECT_EQ(costs("bucket=day").back().second, 7'000'000);
  EXPECT_EQ(costs("bucket=minute").size(), 48U);
}

TEST_F(Series, TellsGroupsApart) {
  const Told told =
      admin.ask("GET", "/api/usage/timeseries?bucket=hour&group_by=component,tag.team");
  const auto& points = told.data().at("points").as_array();
  ASSERT_EQ(points.size(), 3U) << told.response.body;
  EXPECT_EQ(text_of(points[0].at("group").at("component")), "apollo");
  EXPECT_EQ(text_of(points[0].at("group").at("tag.team")), "research");
  EXPECT_EQ(text_of(points[0].at("time")), "2026-11-24T12:00:00Z");
}

TEST_F(Series, RefusesWhatWouldHaveNoEndOrNoMeaning) {
  for (const auto* query :
       {"bucket=year", "bucket=minute&start_time=2020-01-01", "group_by=hour", "group_by=nothing",
        "group_by=tag.", "start_time=2027-01-01", "group_by=model,model"}) {
    const Told told = admin.ask("GET", std::string("/api/usage/timeseries?") + query);
    EXPECT_EQ(told.error(), "invalid_request") << query;
  }
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST_F(Series, ExportsJsonLinesThatAreTheRecords) {
  const Told told = admin.ask("GET", "/api/usage/export?format=jsonl&component=apollo");
  EXPECT_EQ(told.response.content_type, "application/x-ndjson");
  EXPECT_EQ(told.header("x-total-count"), "2");
  EXPECT_EQ(told.header("link"), "");
  const auto lines = lines_of(told.response.body);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(boost::json::parse(lines[0]), admin.ask("GET", "/api/usage/records/r3").data());
}

TEST_F(Series, ExportsCsvThatNoSpreadsheetRuns) {
  const Told told = admin.ask("GET", "/api/usage/export?format=csv");
  EXPECT_TRUE(told.response.content_type.starts_with("text/csv"));
  EXPECT_NE(told.header("content-disposition").find("usage.csv"), std::string::npos);
  const auto lines = lines_of(told.response.body);
  ASSERT_EQ(lines.size(), 4U);
  const auto commas = [](const std::string& line) {
    return std::count(line.begin(), line.end(), ',');
  };
  EXPECT_TRUE(lines[0].starts_with("record_id,request_id,timestamp,")) << lines[0];
  for (const std::string& line : lines) {
    EXPECT_EQ(commas(line), commas(lines[0])) << line;
    EXPECT_TRUE(line.ends_with("\r")) << line;
  }
  EXPECT_NE(lines[2].find(",'=cmd|'/c calc'!A1,"), std::string::npos) << lines[2];
  EXPECT_NE(lines[2].find(",team=research,"), std::string::npos) << lines[2];
}

TEST_F(Series, ExportsByPagesOfTheSameEnd) {
  for (int n = 0; n < 10'001 - 3; ++n) {
    ASSERT_NO_FATAL_FAILURE(admin.play_call("x" + std::to_string(n), "bulk", 1, 1, 1));
  }
  const Told first = admin.ask("GET", "/api/usage/export?format=jsonl&provider=openai");
  EXPECT_EQ(lines_of(first.response.body).size(), 10'000U);
  const std::string link = first.header("link");
  ASSERT_TRUE(link.ends_with(">; rel=\"next\"")) << link;
  admin.clock.time += std::chrono::seconds(1);
  admin.play_call("late", "bulk", 1, 1, 1);
  const Told second = admin.ask("GET", link.substr(1, link.find('>') - 1));
  ASSERT_EQ(second.response.status, 200) << second.response.body;
  EXPECT_EQ(lines_of(second.response.body).size(), 1U);
  EXPECT_EQ(second.header("link"), "");
}

TEST_F(Series, SumsByWeekAndTag) {
  const Told told =
      admin.ask("POST", "/api/usage/summary", R"({"group_by":["week","tag.team","tag"]})");
  ASSERT_EQ(told.response.status, 200) << told.response.body;
  const auto& groups = told.data().at("groups").as_array();
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(text_of(groups[0].at("group").at("week")), "2026-11-23");
  EXPECT_EQ(text_of(groups[0].at("group").at("tag.team")), "research");
  EXPECT_EQ(text_of(groups[0].at("group").at("tag")), "team=research");
}

}  // namespace
}  // namespace budget::admin
