#include "admin/alerts/sweep.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <optional>
#include <utility>

#include "admin/alerts/limit_alerts.h"
#include "admin/budget_lines.h"
#include "admin/json_parts.h"
#include "admin/time_bucket.h"

namespace budget::admin {
namespace {

using pricing::Money;
// pedantic C++ has no 128-bit integer of its own.
__extension__ using Wide = __int128;

constexpr std::int64_t hours_looked_back = std::int64_t{7} * 24;
// Less history is no habit.
constexpr std::size_t busy_hours_min = 12;
constexpr std::int64_t deviations = 4;
constexpr Money least_excess(100'000'000);  // ten cents

struct Line {
  BudgetLine line;
  std::string timezone;
};

// Reads on a loop of its own, which is run until the answer is there.
std::optional<std::vector<policy::CounterState>> states_of(ledger::Ledger& ledger,
                                                           const std::vector<Line>& lines,
                                                           policy::Time now) {
  std::vector<policy::CounterRef> counters;
  counters.reserve(lines.size());
  for (const Line& line : lines) counters.push_back(line.line.counter);
  using Read = ledger::Result<std::vector<policy::CounterState>>;
  std::optional<Read> result;
  boost::asio::io_context loop{1};
  boost::asio::co_spawn(loop, ledger.read(std::move(counters), now),
                        [&result](const std::exception_ptr& error, Read read) {
                          if (error) read = std::unexpected(ledger::LedgerError::unavailable);
                          result = std::move(read);
                        });
  while (!result && loop.run_one() > 0) {
  }
  if (!result || !*result) return std::nullopt;
  return std::move(**result);
}

std::int64_t root_of(Wide value) {
  Wide low = 0;
  Wide high = Wide{1} << 62;
  while (low < high) {
    const Wide middle = (low + high + 1) / 2;
    if (middle * middle <= value) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return static_cast<std::int64_t>(low);
}

Alert anomaly_of(const std::string& component, const Usual& usual, std::int64_t current,
                 policy::Time hour) {
  Alert alert;
  alert.type = AlertType::anomaly;
  alert.severity = Severity::warning;
  alert.component = component;
  alert.message = "Component '" + component + "' has spent $" +
                  pricing::to_usd_short(Money(current)) + " since " + policy::rfc3339(hour) +
                  "; in an hour of the week before it was $" +
                  pricing::to_usd_short(Money(usual.mean)) + " on average.";
  put_money(alert.details, "spent", Money(current));
  put_money(alert.details, "mean", Money(usual.mean));
  put_money(alert.details, "deviation", Money(usual.deviation));
  const auto day = std::chrono::floor<std::chrono::days>(hour);
  alert.once_until = day + std::chrono::days(1);
  alert.once = "anomaly|" + component + "|" + std::to_string(day.time_since_epoch().count());
  return alert;
}

}  // namespace

std::vector<Alert> sweep_counters(const SweepParts& parts,
                                  const std::vector<std::int64_t>& thresholds_ppm) {
  const auto view = parts.view();
  if (!view || !view->policies) return {};
  const policy::Time now = parts.clock.now();
  const LiveCounters live = live_counters(parts.counters);
  std::vector<Line> lines;
  for (const policy::Budget& budget : view->policies->config().budgets) {
    for (BudgetLine& line : lines_of(*view->policies, budget, live, now)) {
      if (alerts_on(*line.policy)) lines.push_back({std::move(line), budget.timezone});
    }
  }
  const auto states = states_of(parts.ledger, lines, now);
  if (!states || states->size() != lines.size()) return {};
  std::vector<Alert> due;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const policy::Policy& policy = *lines[i].line.policy;
    const policy::CounterRef& counter = lines[i].line.counter;
    if (const auto passed = reached(policy, thresholds_ppm, (*states)[i], nullptr)) {
      due.push_back(alert_of(*passed, policy, counter, now));
    }
    auto forecast = forecast_of(policy, lines[i].timezone, counter, (*states)[i], now);
    if (forecast) due.push_back(std::move(*forecast));
  }
  return due;
}

Usual compared_to_usual(const std::vector<std::int64_t>& past, std::int64_t hours,
                        std::int64_t current) {
  Usual usual;
  if (hours <= 0) return usual;
  Wide sum = 0;
  for (const std::int64_t each : past) sum += each;
  usual.mean = static_cast<std::int64_t>(sum / hours);
  Wide squares = 0;
  for (const std::int64_t each : past) squares += Wide{each - usual.mean} * (each - usual.mean);
  const Wide idle = hours - static_cast<std::int64_t>(past.size());
  squares += idle * usual.mean * usual.mean;
  usual.deviation = root_of(squares / hours);
  usual.far_above = Wide{current} > Wide{usual.mean} + Wide{deviations} * usual.deviation &&
                    current / 2 > usual.mean && current - usual.mean > least_excess.value();
  return usual;
}

std::vector<Alert> sweep_usage(const SweepParts& parts) {
  const policy::Time hour = bucket_start(Bucket::hour, parts.clock.now());
  ledger::UsageFilter before;
  before.start = hour - std::chrono::hours(hours_looked_back);
  before.end = hour;
  ledger::UsageFilter since;
  since.start = hour;
  const auto now = parts.usage.summary(since, {"component"});
  if (!now || now->empty()) return {};
  const auto sums = parts.usage.summary(before, {"component", "hour"});
  if (!sums) return {};
  std::map<std::string, std::vector<std::int64_t>> past;
  for (const ledger::UsageSum& sum : *sums) past[sum.group[0]].push_back(sum.total_cost.value());
  std::vector<Alert> due;
  for (const ledger::UsageSum& sum : *now) {
    const auto known = past.find(sum.group[0]);
    if (known == past.end() || known->second.size() < busy_hours_min) continue;
    const std::int64_t current = sum.total_cost.value();
    const Usual usual = compared_to_usual(known->second, hours_looked_back, current);
    if (usual.far_above) due.push_back(anomaly_of(sum.group[0], usual, current, hour));
  }
  return due;
}

}  // namespace budget::admin
