// Sums and pages against a plain walk over the records.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <random>

#include "policy/ledger/codec.h"
#include "policy/ledger/entry.h"
#include "tests/ledger/embedded_under_test.h"

namespace budget::ledger {
namespace {

const Time kNow = at(1'800'000'000'000);

UsageRecord random_record(std::mt19937& random, int n) {
  const auto pick = [&random](int below) { return static_cast<int>(random() % below); };
  UsageRecord record = usage_record("r" + std::to_string(n), {}, kNow);
  record.timestamp = kNow - std::chrono::milliseconds(random() % (5 * 3'600'000));
  record.provider = pick(2) ? "openai" : "anthropic";
  record.model = "model-" + std::to_string(pick(3));
  record.caller.component = pick(3) ? "apollo" : "";
  record.caller.task_type = pick(2) ? "chat" : "review";
  record.caller.user = "user-" + std::to_string(pick(3));
  record.caller.context_id = "context-" + std::to_string(pick(4));
  record.caller.key_id = "key-" + std::to_string(pick(2));
  if (pick(2)) record.caller.tags = {{"env", pick(2) ? "prod" : "test"}, {"team", "a"}};
  record.policies =
      pick(2) ? std::vector<std::string>{"b/daily", "b/all"} : std::vector<std::string>{"b/all"};
  record.status = pick(4) ? 200 : 502;
  record.estimated = pick(4) == 0;
  record.usage.input = pricing::Tokens(pick(100));
  record.usage.cache_read = pricing::Tokens(pick(100));
  record.usage.cache_write_5m = pricing::Tokens(pick(10));
  record.usage.output = pricing::Tokens(pick(100));
  record.usage.reasoning = pricing::Tokens(pick(50));
  record.cost.input = pricing::Money(pick(1'000'000));
  record.cost.output = pricing::Money(pick(1'000'000));
  record.cost.total = record.cost.input + record.cost.output;
  return record;
}

bool matches(const UsageFilter& filter, const UsageRecord& record) {
  const policy::Caller& caller = record.caller;
  const auto says = [](const std::string& wanted, const std::string& is) {
    return wanted.empty() || wanted == is;
  };
  return (!filter.start || record.timestamp >= *filter.start) &&
         (!filter.end || record.timestamp < *filter.end) &&
         says(filter.provider, record.provider) && says(filter.model, record.model) &&
         says(filter.component, caller.component) && says(filter.task_type, caller.task_type) &&
         says(filter.user, caller.user) && says(filter.context_id, caller.context_id) &&
         says(filter.key_id, caller.key_id) && says(filter.request_id, record.request_id) &&
         (filter.policy_id.empty() || std::ranges::count(record.policies, filter.policy_id) > 0) &&
         (!filter.tag || std::ranges::count(caller.tags, *filter.tag) > 0);
}

std::vector<UsageFilter> filters() {
  const auto hours = [](int n) { return std::chrono::hours(n); };
  const Time hour =
      std::chrono::time_point_cast<Time::duration>(std::chrono::floor<std::chrono::hours>(kNow));
  std::vector<UsageFilter> all(14);
  all[1].provider = "openai";
  all[2].model = "model-1";
  all[3].component = "apollo";
  all[4].context_id = "context-2";
  all[5].tag = {"env", "prod"};
  all[6].policy_id = "b/daily";
  all[7].request_id = "r17";
  all[8].start = hour - hours(3);
  all[8].end = hour - hours(1);
  all[9].start = kNow - hours(3) - std::chrono::milliseconds(1234);
  all[9].end = kNow - std::chrono::minutes(7);
  all[9].user = "user-1";
  all[10].start = kNow - std::chrono::minutes(20);
  all[10].end = kNow - std::chrono::minutes(10);
  all[11].start = kNow - hours(2);
  all[12].end = kNow - hours(2);
  all[12].key_id = "key-0";
  all[13].provider = "nobody";
  return all;
}

struct Total {
  std::int64_t requests = 0, input = 0, output = 0, cache_read = 0, cost = 0, estimated = 0;
  friend bool operator==(const Total&, const Total&) = default;
};

class SqliteUsageTest : public testing::Test {
 protected:
  void SetUp() override {
    EmbeddedOptions options;
    options.path = folder_.path();
    options.clock = &clock_;
    options.ring_bytes = 1u << 20;
    auto opened = EmbeddedLedger::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error();
    ledger_ = std::move(*opened);
    const unsigned seed = 20261124;
    std::printf("seed %u\n", seed);
    std::mt19937 random(seed);
    for (int n = 0; n < 400; ++n) {
      const UsageRecord record = random_record(random, n);
      ASSERT_EQ(run(ledger_->record(record, {counter("a")})), true);
      kept_[record.request_id] = record;
    }
    for (int n = 0; n < 400; n += 3) {  // corrections, which may change every label
      const std::string id = "r" + std::to_string(n);
      if (!kept_[id].estimated) continue;
      UsageRecord better = random_record(random, n);
      better.timestamp = kept_[id].timestamp;
      better.policies = kept_[id].policies;
      ASSERT_EQ(run(ledger_->record(better, {})), false);
      kept_[id] = better;
    }
  }

  TemporaryFolder folder_;
  SetClock clock_;
  std::unique_ptr<EmbeddedLedger> ledger_;
  std::map<std::string, UsageRecord> kept_;
};

TEST_F(SqliteUsageTest, PagesHoldWhatMatchesNewestFirst) {
  for (const UsageFilter& filter : filters()) {
    std::vector<UsageRecord> expected;
    for (const auto& [id, record] : kept_) {
      if (matches(filter, record)) expected.push_back(record);
    }
    std::vector<UsageRecord> found;
    for (int page = 1; page < 100; ++page) {
      const auto some = ledger_->usage().records(filter, page, 7);
      ASSERT_TRUE(some) << some.error();
      EXPECT_EQ(some->total, static_cast<std::int64_t>(expected.size()));
      if (some->records.empty()) break;
      std::ranges::copy(some->records, std::back_inserter(found));
    }
    EXPECT_TRUE(std::ranges::is_sorted(found, std::greater{}, &UsageRecord::timestamp));
    std::ranges::sort(found, {}, &UsageRecord::request_id);
    std::ranges::sort(expected, {}, &UsageRecord::request_id);
    EXPECT_EQ(found, expected);
  }
}

TEST_F(SqliteUsageTest, SumsAreThoseOfTheRecordsWhereverTheyComeFrom) {
  // By nothing, by what the hourly sums know, and by what only records know.
  const std::vector<std::vector<std::string>> groupings = {{},
                                                           {"provider", "model"},
                                                           {"component"},
                                                           {"status", "hour"},
                                                           {"context_id"},
                                                           {"user", "day"}};
  for (const UsageFilter& filter : filters()) {
    for (const auto& grouping : groupings) {
      Total expected;
      std::map<std::string, std::int64_t> by_first;
      for (const auto& [id, record] : kept_) {
        if (!matches(filter, record)) continue;
        expected.requests += 1;
        expected.input += record.usage.input_total().value();
        expected.output += record.usage.output_total().value();
        expected.cache_read += record.usage.cache_read.value();
        expected.cost += record.cost.total.value();
        expected.estimated += record.estimated ? 1 : 0;
      }
      const auto sums = ledger_->usage().summary(filter, grouping);
      ASSERT_TRUE(sums) << sums.error();
      EXPECT_TRUE(std::ranges::is_sorted(*sums, std::greater{}, &UsageSum::total_cost));
      Total found;
      for (const UsageSum& sum : *sums) {
        EXPECT_EQ(sum.group.size(), grouping.size());
        found.requests += sum.requests;
        found.input += sum.input.value();
        found.output += sum.output.value();
        found.cache_read += sum.cache_read.value();
        found.cost += sum.total_cost.value();
        found.estimated += sum.estimated;
        EXPECT_EQ(sum.input_cost + sum.output_cost, sum.total_cost);
      }
      EXPECT_EQ(found, expected);
    }
  }
}

TEST_F(SqliteUsageTest, GroupsAreNamedByTheirValues) {
  std::map<std::vector<std::string>, std::int64_t> expected;
  for (const auto& [id, record] : kept_) {
    expected[{record.model, std::to_string(record.status)}] += record.cost.total.value();
  }
  const auto sums = ledger_->usage().summary({}, {"model", "status"});
  ASSERT_TRUE(sums) << sums.error();
  std::map<std::vector<std::string>, std::int64_t> found;
  for (const UsageSum& sum : *sums) found[sum.group] = sum.total_cost.value();
  EXPECT_EQ(found, expected);
  const auto times = ledger_->usage().summary({}, {"month", "day", "hour", "minute"});
  ASSERT_TRUE(times && !times->empty());
  const auto& first = times->front().group;  // kNow is 2027-01-15T08:00Z
  EXPECT_EQ(first[0], "2027-01");
  EXPECT_EQ(first[1], "2027-01-15");
  EXPECT_EQ(first[2].size(), 17u) << first[2];
  EXPECT_EQ(first[3].substr(0, 13), first[2].substr(0, 13));
}

TEST_F(SqliteUsageTest, GroupsByWeekBeginOnMondaysAndByTagByItsValue) {
  std::map<std::vector<std::string>, std::int64_t> by_name, by_pair;
  for (const auto& [id, record] : kept_) {
    const std::int64_t cost = record.cost.total.value();
    std::string env;
    for (const auto& [name, value] : record.caller.tags) {
      by_pair[{name + "=" + value}] += cost;
      if (name == "env") env = value;
    }
    if (record.caller.tags.empty()) by_pair[{""}] += cost;
    by_name[{"2027-01-11", env}] += cost;  // all are of Friday, the 15th
  }
  const auto found = [this](const std::vector<std::string>& group_by) {
    std::map<std::vector<std::string>, std::int64_t> costs;
    const auto sums = ledger_->usage().summary({}, group_by);
    EXPECT_TRUE(sums) << sums.error();
    for (const UsageSum& sum : *sums) costs[sum.group] = sum.total_cost.value();
    return costs;
  };
  EXPECT_EQ(found({"week", "tag.env"}), by_name);
  EXPECT_EQ(found({"tag"}), by_pair);
  EXPECT_EQ(found({"tag.env' OR '1'='1"}).size(), 1U);
  EXPECT_FALSE(ledger_->usage().summary({}, {"tag."}));
}

TEST_F(SqliteUsageTest, UnknownGroupIsRefusedNotRun) {
  const auto sums = ledger_->usage().summary({}, {"1; DROP TABLE records"});
  ASSERT_FALSE(sums);
  EXPECT_EQ(sums.error(), "cannot group by '1; DROP TABLE records'");
}

TEST_F(SqliteUsageTest, FiltersAreValuesNeverSql) {
  UsageFilter filter;
  filter.user = "x' OR '1'='1";
  const auto page = ledger_->usage().records(filter, 1, 20);
  ASSERT_TRUE(page) << page.error();
  EXPECT_EQ(page->total, 0);
}

TEST(Codec, RecordsComeBackWholeAndCutOnesDoNot) {
  std::mt19937 random(7);
  for (int n = 0; n < 200; ++n) {
    UsageRecord record = random_record(random, n);
    record.decision = policy::Verdict::clamp;
    record.usage.search_units = -1;
    record.usage.images = INT64_MIN;
    record.latency_ms = INT64_MAX;
    std::string bytes;
    encode(Charged{record, "al", {{5, amount(1, -2, 3)}}}, bytes);
    const auto entry = decode(bytes);
    ASSERT_TRUE(entry);
    EXPECT_EQ(std::get<Charged>(*entry).record, record);
    EXPECT_EQ(std::get<Charged>(*entry).lines[0].consumed, amount(1, -2, 3));
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      EXPECT_FALSE(decode(std::string_view(bytes).substr(0, cut)));
    }
    EXPECT_FALSE(decode(bytes + "x"));
  }
}

}  // namespace
}  // namespace budget::ledger
