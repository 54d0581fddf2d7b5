// docs/redis.md, compared with what a running ledger wrote.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "policy/ledger/redis_record.h"
#include "tests/ledger/redis_under_test.h"

namespace budget::ledger {
namespace {

const Time kNow = at(1'800'000'000'000);

struct KeyRow {
  std::string prefix;  // "counter:" of "{NAMESPACE}:counter:COUNTER"
  std::string type, expires;
};

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  std::string cell;
  std::getline(in, cell, '|');
  while (std::getline(in, cell, '|')) {
    const std::size_t first = cell.find_first_not_of(" `");
    const std::size_t last = cell.find_last_not_of(" `");
    cells.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
  }
  return cells;
}

// The page's table of keys, and its tables of fields by section.
struct Page {
  std::vector<KeyRow> keys;
  std::map<std::string, std::vector<std::string>> fields;
};
Page page() {
  Page page;
  std::ifstream file(BUDGET_SOURCE_DIR "/docs/redis.md");
  std::string line, section;
  const std::string tag = "{NAMESPACE}:";
  while (std::getline(file, line)) {
    if (line.starts_with("## ")) section = line.substr(3);
    if (!line.starts_with("| `")) continue;
    const auto cells = cells_of(line);
    if (cells[0].starts_with(tag)) {
      if (section == "What is made at run time") continue;  // the admin side's
      std::string prefix = cells[0].substr(tag.size());
      while (!prefix.empty() && prefix.back() >= 'A' && prefix.back() <= 'Z') prefix.pop_back();
      page.keys.push_back({prefix, cells[1], cells[2]});
    } else {
      page.fields[section].push_back(cells[0]);
    }
  }
  return page;
}

class RedisKeys : public testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::installed()) GTEST_SKIP() << "redis-server is not installed";
    options_ = options_for(server_);
    ledger_ = *RedisLedger::open(options_);
  }

  // Something of everything that a ledger does.
  void use_it() {
    CounterRef daily = counter("daily");
    daily.expires_at = kNow + std::chrono::hours(48);
    const CounterRef rolling = rolling_counter("rolling", std::chrono::seconds(60));
    const std::vector<HoldLine> lines = {line(daily, amount(60, 1, 2)), line(rolling, amount(60))};
    run(ledger_->allocate({"al", kNow, kNow + std::chrono::hours(1), {line(daily, amount(9))}}));
    run(ledger_->allocate({"ended", kNow, {}, {line(daily, amount(9))}}));
    run(ledger_->release_allocation("ended"));
    for (const char* id : {"settled", "released", "open", "lapsed"}) {
      auto request = call(id, lines, kNow, "al");
      if (std::string(id) != "lapsed") request.lease_until = kNow + std::chrono::hours(1);
      run(ledger_->reserve(request));
    }
    run(ledger_->settle(usage_record("settled", amount(40), kNow)));
    run(ledger_->release("released"));
    run(ledger_->reap(kNow + std::chrono::minutes(2)));
    UsageRecord elsewhere = usage_record("elsewhere", amount(5), kNow);
    elsewhere.caller.context_id = "a context";
    run(ledger_->record(elsewhere, {daily}));
  }

  std::string text(std::vector<std::string> words) {
    return std::string(server_.ask(std::move(words)).value().text());
  }
  std::vector<std::string> written() {
    std::vector<std::string> keys;
    const RedisReply all = server_.ask({"KEYS", "*"});
    for (std::size_t i = 0; i < all.value().size(); ++i) {
      keys.emplace_back(all.value().at(i).text());
    }
    return keys;
  }
  // Whether the key has a time to live.
  bool expires(const std::string& key) { return server_.ask({"PTTL", key}).value().integer() > 0; }

  RedisServer server_;
  RedisOptions options_;
  std::unique_ptr<RedisLedger> ledger_;
};

TEST_F(RedisKeys, AreThoseOfThePageWithItsTypesAndExpiries) {
  use_it();
  const Page listed = page();
  ASSERT_FALSE(listed.keys.empty());
  std::set<std::string> used;
  const std::string tag = "{" + options_.name_space + "}:";
  for (const std::string& key : written()) {
    SCOPED_TRACE(key);
    ASSERT_TRUE(key.starts_with(tag));
    const std::string rest = key.substr(tag.size());
    const auto row = std::ranges::find_if(listed.keys, [&rest](const KeyRow& each) {
      return each.prefix.ends_with(':') ? rest.starts_with(each.prefix) : rest == each.prefix;
    });
    ASSERT_NE(row, listed.keys.end()) << "is not in docs/redis.md";
    used.insert(row->prefix);
    EXPECT_EQ(text({"TYPE", key}), row->type);
    if (row->expires == "no") EXPECT_FALSE(expires(key));
    if (row->expires == "yes") EXPECT_TRUE(expires(key));
  }
  for (const KeyRow& row : listed.keys) EXPECT_TRUE(used.contains(row.prefix)) << row.prefix;
  EXPECT_FALSE(expires(tag + "call:open"));
  EXPECT_FALSE(expires(tag + "allocation:al"));
  for (const char* over :
       {"call:settled", "call:released", "call:lapsed", "call:elsewhere", "allocation:ended"}) {
    EXPECT_TRUE(expires(tag + over)) << over;
  }
}

TEST_F(RedisKeys, FieldsAreThoseOfThePage) {
  use_it();
  Page listed = page();
  auto counter_fields = listed.fields["`counter:COUNTER`"];
  std::vector<std::string> stored;
  const RedisReply keys =
      server_.ask({"HKEYS", "{" + options_.name_space + "}:counter:" + counter("daily").key});
  for (std::size_t i = 0; i < keys.value().size(); ++i) {
    stored.emplace_back(keys.value().at(i).text());
  }
  std::ranges::sort(stored);
  std::ranges::sort(counter_fields);
  EXPECT_EQ(stored, counter_fields);
  const auto& names = record_field_names();
  EXPECT_EQ(listed.fields["`usage:HOUR`"], std::vector<std::string>(names.begin(), names.end()));
}

// Sums and records are written in one step, so they sum to the same.
TEST_F(RedisKeys, SumsOfHoursAndOfDaysAreThoseOfTheRecords) {
  use_it();
  run(ledger_->record(usage_record("lapsed", amount(25, 7, 2), kNow), {}));
  std::map<std::string, std::vector<std::int64_t>> sums;
  for (const char* pattern : {"rollup:*T*", "rollup:*-??", "detail:*T*", "detail:*-??"}) {
    sums[pattern].resize(10);
    for (const std::string& key : redis_keys(server_, options_.name_space, pattern)) {
      const RedisReply groups = server_.ask({"HVALS", key});
      for (std::size_t i = 0; i < groups.value().size(); ++i) {
        std::istringstream figures{std::string(groups.value().at(i).text())};
        for (std::int64_t& sum : sums[pattern]) {
          std::int64_t figure = 0;
          figures >> figure;
          sum += figure;
        }
      }
    }
  }
  std::vector<std::int64_t> expected(10);
  for (const UsageRecord& record : redis_records(server_, options_.name_space)) {
    expected[0] += 1;
    expected[1] += record.usage.input_total().value();
    expected[2] += record.usage.output_total().value();
    expected[6] += record.cost.input.value();
    expected[7] += record.cost.output.value();
    expected[8] += record.cost.total.value();
    expected[9] += record.estimated ? 1 : 0;
  }
  EXPECT_EQ(expected[0], 3) << "settled, lapsed and corrected, made elsewhere";
  EXPECT_EQ(expected[8], 40 + 25 + 5);
  for (const auto& [pattern, found] : sums) EXPECT_EQ(found, expected) << pattern;
}

// A record with every field set comes back as it was.
TEST_F(RedisKeys, RecordsComeBackWhole) {
  UsageRecord record = usage_record("r1", amount(60, 7, 8), kNow);
  record.caller = {
      "apollo", "c 1", "t|1", "coding", "ann\nlee", "key1", "al", {{"a,b", "c=d"}, {"e%", ""}}, 9};
  record.stream = true;
  record.status = 499;
  record.decision = policy::Verdict::clamp;
  record.usage.cache_read = pricing::Tokens(3);
  record.usage.cache_write_5m = pricing::Tokens(4);
  record.usage.cache_write_1h = pricing::Tokens(5);
  record.usage.reasoning = pricing::Tokens((std::int64_t{1} << 60) + 1);
  record.usage.images = 2;
  record.usage.audio_milliseconds = 3;
  record.usage.characters = 4;
  record.usage.search_units = 5;
  record.price_id = "p";
  record.usage_source = UsageSource::counted;
  record.unpriced = true;
  record.policies = {"a/b", "c,d"};
  record.latency_ms = 12;
  record.time_to_first_byte_ms = 3;
  record.upstream_request_id = std::string("\xFF\x00\x7F", 3);
  record.error = "upstream_timeout";
  EXPECT_EQ(run(ledger_->record(record, {counter("a")})), true);
  EXPECT_EQ(redis_records(server_, options_.name_space), std::vector<UsageRecord>{record});
}

}  // namespace
}  // namespace budget::ledger
