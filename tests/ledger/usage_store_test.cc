// Sums and pages against a plain walk over the records.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <random>

#include "policy/ledger/codec.h"
#include "policy/ledger/entry.h"
#include "policy/ledger/redis_usage.h"
#include "policy/rfc3339.h"
#include "tests/ledger/embedded_under_test.h"
#include "tests/ledger/redis_under_test.h"

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
         (filter.budget.empty() || filter.budget == "b") &&  // which all are charged to
         (filter.policy_id.empty() || std::ranges::count(record.policies, filter.policy_id) > 0) &&
         (!filter.tag || std::ranges::count(caller.tags, *filter.tag) > 0);
}

std::vector<UsageFilter> filters() {
  const auto hours = [](int n) { return std::chrono::hours(n); };
  const Time hour =
      std::chrono::time_point_cast<Time::duration>(std::chrono::floor<std::chrono::hours>(kNow));
  std::vector<UsageFilter> all(19);
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
  all[14].budget = "b";
  all[15].budget = "c";
  all[16].tag = {"team", "a"};
  all[16].user = "user-2";
  all[16].start = hour - hours(4) - std::chrono::minutes(3);
  all[17].context_id = "context-1";
  all[17].start = kNow - hours(2) - std::chrono::minutes(1);
  all[18].policy_id = "b/daily";
  all[18].model = "model-0";
  all[18].end = hour;
  return all;
}

struct Total {
  std::int64_t requests = 0, input = 0, output = 0, cache_read = 0, cost = 0, estimated = 0;
  friend bool operator==(const Total&, const Total&) = default;
};

// A ledger with the store that answers of it, both its owner's.
class UsageUnderTest {
 public:
  virtual ~UsageUnderTest() = default;
  virtual Ledger& ledger() = 0;
  virtual UsageStore& usage() = 0;
};

class EmbeddedUsage final : public UsageUnderTest {
 public:
  EmbeddedUsage() {
    EmbeddedOptions options;
    options.path = folder_.path();
    options.clock = &clock_;
    options.ring_bytes = 1u << 20;
    ledger_ = *EmbeddedLedger::open(std::move(options));
  }
  Ledger& ledger() override { return *ledger_; }
  UsageStore& usage() override { return ledger_->usage(); }

 private:
  TemporaryFolder folder_;
  SetClock clock_;
  std::unique_ptr<EmbeddedLedger> ledger_;
};

class RedisUsageUnderTest final : public UsageUnderTest {
 public:
  Ledger& ledger() override { return *ledger_; }
  UsageStore& usage() override { return usage_; }

 private:
  std::unique_ptr<RedisLedger> ledger_ = *RedisLedger::open(options_for(shared_redis()));
  RedisUsage usage_{*ledger_};
};

struct UsageMaker {
  const char* name;
  std::unique_ptr<UsageUnderTest> (*make)();
  friend void PrintTo(const UsageMaker& maker, std::ostream* out) { *out << maker.name; }
};

class UsageContract : public testing::TestWithParam<UsageMaker> {
 protected:
  void SetUp() override {
    if (GetParam().name == std::string("Redis") && !RedisServer::installed()) {
      GTEST_SKIP() << "redis-server is not installed";
    }
    store_ = GetParam().make();
    const unsigned seed = 20261124;
    std::printf("seed %u\n", seed);
    std::mt19937 random(seed);
    for (int n = 0; n < 400; ++n) {
      const UsageRecord record = random_record(random, n);
      ASSERT_EQ(run(store_->ledger().record(record, {counter("a")})), true);
      kept_[record.request_id] = record;
    }
    for (int n = 0; n < 400; n += 3) {  // corrections, which may change every label
      const std::string id = "r" + std::to_string(n);
      if (!kept_[id].estimated) continue;
      UsageRecord better = random_record(random, n);
      better.timestamp = kept_[id].timestamp;
      better.policies = kept_[id].policies;
      ASSERT_EQ(run(store_->ledger().record(better, {})), false);
      kept_[id] = better;
    }
  }

  std::unique_ptr<UsageUnderTest> store_;
  std::map<std::string, UsageRecord> kept_;
};

TEST_P(UsageContract, PagesHoldWhatMatchesNewestFirst) {
  for (const UsageFilter& filter : filters()) {
    std::vector<UsageRecord> expected;
    for (const auto& [id, record] : kept_) {
      if (matches(filter, record)) expected.push_back(record);
    }
    std::vector<UsageRecord> found;
    for (int page = 1; page < 100; ++page) {
      const auto some = store_->usage().records(filter, page, 7);
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

TEST_P(UsageContract, SumsAreThoseOfTheRecordsWhereverTheyComeFrom) {
  // By nothing, by what the hourly sums know, and by what only records know.
  const std::vector<std::vector<std::string>> groupings = {{},
                                                           {"provider", "model"},
                                                           {"component"},
                                                           {"status", "hour"},
                                                           {"context_id"},
                                                           {"minute", "key_id"},
                                                           {"tag.env", "week"},
                                                           {"operation", "task_type", "month"},
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
      const auto sums = store_->usage().summary(filter, grouping);
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

TEST_P(UsageContract, GroupsAreNamedByTheirValues) {
  std::map<std::vector<std::string>, std::int64_t> expected;
  for (const auto& [id, record] : kept_) {
    expected[{record.model, std::to_string(record.status)}] += record.cost.total.value();
  }
  const auto sums = store_->usage().summary({}, {"model", "status"});
  ASSERT_TRUE(sums) << sums.error();
  std::map<std::vector<std::string>, std::int64_t> found;
  for (const UsageSum& sum : *sums) found[sum.group] = sum.total_cost.value();
  EXPECT_EQ(found, expected);
  const auto times = store_->usage().summary({}, {"month", "day", "hour", "minute"});
  ASSERT_TRUE(times && !times->empty());
  const auto& first = times->front().group;  // kNow is 2027-01-15T08:00Z
  EXPECT_EQ(first[0], "2027-01");
  EXPECT_EQ(first[1], "2027-01-15");
  EXPECT_EQ(first[2].size(), 17u) << first[2];
  EXPECT_EQ(first[3].substr(0, 13), first[2].substr(0, 13));
}

TEST_P(UsageContract, GroupsByWeekBeginOnMondaysAndByTagByItsValue) {
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
    const auto sums = store_->usage().summary({}, group_by);
    EXPECT_TRUE(sums) << sums.error();
    for (const UsageSum& sum : *sums) costs[sum.group] = sum.total_cost.value();
    return costs;
  };
  EXPECT_EQ(found({"week", "tag.env"}), by_name);
  EXPECT_EQ(found({"tag"}), by_pair);
  EXPECT_EQ(found({"tag.env' OR '1'='1"}).size(), 1U);
  EXPECT_FALSE(store_->usage().summary({}, {"tag."}));
}

// Not only their sums: each group is the records that say so.
TEST_P(UsageContract, EveryGroupIsTheSumOfItsRecords) {
  const std::vector<UsageFilter> asked = filters();
  for (const UsageFilter& filter : {asked[0], asked[3], asked[5], asked[9], asked[17]}) {
    std::map<std::vector<std::string>, std::int64_t> expected, found;
    for (const auto& [id, record] : kept_) {
      if (!matches(filter, record)) continue;
      const policy::Caller& caller = record.caller;
      const auto hours = std::chrono::floor<std::chrono::hours>(record.timestamp);
      const std::string hour = policy::rfc3339(hours).substr(0, 16) + "Z";
      expected[{caller.user, caller.component, hour, caller.task_type}] +=
          record.cost.total.value();
    }
    const auto sums = store_->usage().summary(filter, {"user", "component", "hour", "task_type"});
    ASSERT_TRUE(sums) << sums.error();
    for (const UsageSum& sum : *sums) found[sum.group] = sum.total_cost.value();
    EXPECT_EQ(found, expected);
  }
}

TEST_P(UsageContract, UnknownGroupIsRefusedNotRun) {
  const auto sums = store_->usage().summary({}, {"1; DROP TABLE records"});
  ASSERT_FALSE(sums);
  EXPECT_EQ(sums.error(), "cannot group by '1; DROP TABLE records'");
}

TEST_P(UsageContract, FiltersAreValuesNeverSql) {
  UsageFilter filter;
  filter.user = "x' OR '1'='1";
  const auto page = store_->usage().records(filter, 1, 20);
  ASSERT_TRUE(page) << page.error();
  EXPECT_EQ(page->total, 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, UsageContract,
                         testing::Values(UsageMaker{"Embedded",
                                                    []() -> std::unique_ptr<UsageUnderTest> {
                                                      return std::make_unique<EmbeddedUsage>();
                                                    }},
                                         UsageMaker{
                                             "Redis",
                                             []() -> std::unique_ptr<UsageUnderTest> {
                                               return std::make_unique<RedisUsageUnderTest>();
                                             }}),
                         [](const auto& named) { return named.param.name; });

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
