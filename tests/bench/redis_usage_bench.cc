// How long grouped questions about a month of a busy system take in Redis. The
// month's calls are drawn one by one and added up as the scripts would; only
// the sums are written, for only they are read.
//   redis_usage_bench [CALLS]     10,000,000 without a number
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "policy/ledger/redis_record.h"
#include "policy/ledger/redis_usage.h"
#include "tests/ledger/redis_under_test.h"

namespace budget::ledger {
namespace {

using Cells = std::unordered_map<std::string, std::array<std::int64_t, 10>>;
using std::chrono::days;
using std::chrono::hours;

constexpr int kDays = 30;
constexpr int kUsers = 500, kComponents = 40, kModels = 12;
const Time kStart = Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 1));

// Who calls: a few of the users and components make most of the calls; a user
// works with some of the components, a component with two models and two keys.
UsageRecord draw(std::mt19937_64& random, Time at) {
  const auto below = [&random](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  const auto few = [&](int n) { return below(1 + below(n)); };
  UsageRecord record;
  record.timestamp = at;
  const int user = few(kUsers);
  const int component = (user * 7 + few(5)) % kComponents;
  const int model = (component + below(2)) % kModels;
  record.caller.user = "user-" + std::to_string(user);
  record.caller.component =
      "team-" + std::to_string(component % 8) + ".agent-" + std::to_string(component);
  record.caller.key_id = "key-" + std::to_string(component * 2 + user % 2);
  record.caller.task_type = below(2) ? "coding" : "review";
  record.caller.tags = {{"env", below(10) ? "prod" : "test"},
                        {"team", "team-" + std::to_string(component % 8)}};
  record.provider = model % 3 == 0 ? "anthropic" : model % 3 == 1 ? "openai" : "gemini";
  record.model = "model-" + std::to_string(model);
  record.operation = "chat";
  record.status = below(50) ? 200 : 429;
  record.policies = {"everybody/daily-cap", "team-" + std::to_string(component % 8) + "/monthly"};
  record.usage.input = pricing::Tokens(below(4'000));
  record.usage.output = pricing::Tokens(below(800));
  record.cost.input = pricing::Money(below(1'000'000));
  record.cost.output = pricing::Money(below(1'000'000));
  record.cost.total = record.cost.input + record.cost.output;
  return record;
}

void add(Cells& cells, const std::string& name, const std::array<std::int64_t, 10>& figures) {
  auto& sums = cells[name];
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += figures[i];
}

std::size_t write(RedisClient& client, const std::string& key, const Cells& cells) {
  std::vector<std::string> commands;
  const auto send = [&] {
    if (!client.ask(std::exchange(commands, {}))) std::abort();
  };
  for (const auto& [name, sums] : cells) {
    std::string value;
    for (const std::int64_t sum : sums) value += (value.empty() ? "" : " ") + std::to_string(sum);
    commands.push_back(redis_command({"HSET", client.ledger().prefix() + key, name, value}));
    if (commands.size() == 500) send();
  }
  send();
  return cells.size();
}

void fill(RedisClient& client, std::int64_t calls) {
  std::mt19937_64 random(20261124);
  std::size_t by_hour = 0, by_day = 0;
  std::int64_t drawn = 0;
  for (int day = 0; day < kDays; ++day) {
    Cells day_rollup, day_detail;
    const std::string day_name = hour_name(kStart + days(day)).substr(0, 10);
    for (int hour = 0; hour < 24; ++hour) {
      Cells rollup, detail;
      const Time start = kStart + days(day) + hours(hour);
      const std::int64_t until = calls * (day * 24 + hour + 1) / (kDays * 24);
      for (; drawn < until; ++drawn) {
        const UsageCell cell = cell_of(draw(random, start));
        const std::string name = cell.labels + "|" + cell.policies;
        add(rollup, name, cell.figures);
        add(detail, cell.detail + "|" + name, cell.figures);
      }
      for (const auto& [name, sums] : rollup) add(day_rollup, name, sums);
      for (const auto& [name, sums] : detail) add(day_detail, name, sums);
      const std::string name = hour_name(start);
      by_hour += write(client, "rollup:" + name, rollup) + write(client, "detail:" + name, detail);
      if (!client.ask(redis_command({"ZADD", client.ledger().prefix() + "hours", "1", name})))
        std::abort();
    }
    by_day += write(client, "rollup:" + day_name, day_rollup) +
              write(client, "detail:" + day_name, day_detail);
  }
  std::printf("%lld calls, %zu sums by hour, %zu by day\n", static_cast<long long>(drawn), by_hour,
              by_day);
}

void ask(RedisUsage& usage, const char* what, const UsageFilter& filter,
         const std::vector<std::string>& by) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  std::size_t groups = 0;
  for (int i = 0; i < 7; ++i) {
    const auto begun = Clock::now();
    const auto sums = usage.summary(filter, by);
    if (!sums) std::abort();
    groups = sums->size();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
  }
  std::ranges::sort(times);
  std::printf("%-44s %6zu groups  median %7.1f ms  longest %7.1f ms\n", what, groups, times[3],
              times[6]);
}

int run_all(std::int64_t calls) {
  RedisServer server({"--appendonly", "no"});
  RedisOptions options = options_for(server);
  options.time = TimeSource::redis;
  const auto ledger = *RedisLedger::open(options);
  RedisClient client(*ledger);
  fill(client, calls);
  RedisUsage usage(*ledger);
  UsageFilter month;
  month.start = kStart;
  month.end = kStart + days(kDays);
  ask(usage, "the month's total", month, {});
  ask(usage, "by model", month, {"model"});
  ask(usage, "by component and model", month, {"component", "model"});
  ask(usage, "by day and provider", month, {"day", "provider"});
  ask(usage, "by week", month, {"week"});
  ask(usage, "by hour", month, {"hour"});
  ask(usage, "by user", month, {"user"});
  ask(usage, "by tag.team", month, {"tag.team"});
  ask(usage, "by tag and day", month, {"tag", "day"});
  UsageFilter one = month;
  one.component = "team-1.agent-1";
  ask(usage, "one component, by day", one, {"day"});
  one = month;
  one.budget = "team-1";
  ask(usage, "one budget, by model", one, {"model"});
  one = month;
  one.user = "user-7";
  ask(usage, "one user, by day and model", one, {"day", "model"});
  const RedisReply memory = server.ask({"INFO", "memory"});
  const std::string text(memory.value().text());
  const std::size_t at = text.find("used_memory_human:");
  std::printf("%s\n", text.substr(at, text.find('\r', at) - at).c_str());
  return 0;
}

}  // namespace
}  // namespace budget::ledger

int main(int count, char** arguments) {
  return budget::ledger::run_all(count > 1 ? std::atoll(arguments[1]) : 10'000'000);
}
