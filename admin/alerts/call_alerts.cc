#include "admin/alerts/call_alerts.h"

#include <algorithm>
#include <utility>

#include "admin/alerts/limit_alerts.h"
#include "admin/json_parts.h"

namespace budget::admin {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::size_t seen_max = 1'000;
constexpr std::size_t drifting_models_max = 200;
// So many calls of a model in an hour, and it is no accident.
constexpr std::int64_t drifts_min = 5;
constexpr milliseconds refusal_pause = std::chrono::seconds(10);

// The end of the hour, or day, that `now` is in: the same on every replica.
policy::Time end_of(milliseconds length, policy::Time now) {
  return policy::Time((now.time_since_epoch() / length + 1) * length);
}

void set_once(Alert& alert, const std::string& what, milliseconds length, policy::Time now) {
  alert.once_until = end_of(length, now);
  alert.once = what + "|" + std::to_string(alert.once_until.time_since_epoch().count());
}

std::string model_of(const ledger::UsageRecord& record) {
  return record.provider + "/" + record.model;
}

Alert overrun_of(const SettledCall& call, policy::Time now) {
  Alert alert;
  alert.type = AlertType::overrun;
  alert.severity = Severity::warning;
  alert.component = call.record.caller.component;
  alert.model = model_of(call.record);
  alert.message = "A call to " + alert.model + " was billed $" +
                  pricing::to_usd_short(call.overrun.cost) + " and " +
                  std::to_string((call.overrun.input + call.overrun.output).value()) +
                  " tokens above what was held for it.";
  alert.details = {{"request_id", call.record.request_id},
                   {"input_tokens", call.overrun.input.value()},
                   {"output_tokens", call.overrun.output.value()}};
  put_money(alert.details, "cost", call.overrun.cost);
  set_once(alert, "overrun|" + alert.model, hours(1), now);
  return alert;
}

Alert unpriced_of(const ledger::UsageRecord& record, policy::Time now) {
  Alert alert;
  alert.type = AlertType::unpriced;
  alert.severity = Severity::warning;
  alert.component = record.caller.component;
  alert.model = record.model.empty() ? record.provider : model_of(record);
  alert.message = "A call to " + alert.model + " passed of which nobody here knows the price.";
  alert.details = {{"request_id", record.request_id},
                   {"operation", record.operation},
                   {"input_tokens", record.usage.input_total().value()},
                   {"output_tokens", record.usage.output_total().value()}};
  set_once(alert, "unpriced|" + alert.model, hours(24), now);
  return alert;
}

}  // namespace

void CallAlerts::set_thresholds(const std::vector<std::int64_t>& thresholds_ppm) {
  const std::size_t count = std::min(thresholds_ppm.size(), thresholds_max);
  for (std::size_t i = 0; i < count; ++i) {
    thresholds_.at(i).store(thresholds_ppm[i], std::memory_order_relaxed);
  }
  thresholds_count_.store(count, std::memory_order_relaxed);
}

bool CallAlerts::first(const std::string& what, policy::Time now, milliseconds pause) {
  const std::lock_guard lock(mutex_);
  const auto found = seen_.find(what);
  if (found != seen_.end() && found->second > now) return false;
  if (seen_.size() >= seen_max) seen_.clear();
  seen_[what] = now + pause;
  return true;
}

void CallAlerts::settled(const SettledCall& call) {
  if (call.overrun != policy::Amount{}) {
    const policy::Time now = clock_.now();
    Alert alert = overrun_of(call, now);
    if (first(alert.once, now, hours(1))) sink_.raise(std::move(alert));
  }
  if (call.record.unpriced) {
    const policy::Time now = clock_.now();
    Alert alert = unpriced_of(call.record, now);
    if (first(alert.once, now, hours(1))) sink_.raise(std::move(alert));
  }
  if (call.states.size() != call.plan.lines.size()) return;
  std::array<std::int64_t, thresholds_max> thresholds{};
  const std::size_t count = thresholds_count_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < count; ++i) {
    thresholds[i] = thresholds_[i].load(std::memory_order_relaxed);
  }
  const policy::Amount spent{call.record.cost.total, call.record.usage.input_total(),
                             call.record.usage.output_total()};
  for (std::size_t i = 0; i < call.states.size(); ++i) {
    const policy::PlannedLine& line = call.plan.lines[i];
    if (!alerts_on(*line.policy)) continue;
    const auto crossed =
        reached(*line.policy, std::span(thresholds).first(count), call.states[i], &spent);
    if (crossed) sink_.raise(alert_of(*crossed, *line.policy, line.counter, clock_.now()));
  }
}

void CallAlerts::refused(const RefusedCall& call) {
  if (!call.denial) return;
  const policy::Time now = clock_.now();
  const policy::Denial& denial = *call.denial;
  // Who is refused tries again and again; the store is asked now and then.
  const std::string what = denial.budget + "/" + denial.policy + "|" + denial.partition;
  if (!first("refused|" + what, now, refusal_pause)) return;
  auto alert = alert_of(denial, std::string(call.message), now);
  if (alert) sink_.raise(std::move(*alert));
}

void CallAlerts::drifted(std::string_view provider, std::string_view model, std::int64_t counted,
                         std::int64_t told) {
  const policy::Time now = clock_.now();
  const std::string name = std::string(provider) + "/" + std::string(model);
  std::int64_t times = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto hour = std::chrono::floor<hours>(now).time_since_epoch().count();
    if (std::exchange(drift_hour_, hour) != hour) drifts_.clear();
    if (drifts_.size() >= drifting_models_max && !drifts_.contains(name)) return;
    times = ++drifts_[name];
  }
  if (times != drifts_min) return;
  Alert alert;
  alert.type = AlertType::drift;
  alert.severity = Severity::info;
  alert.model = name;
  alert.message = "Our count of the input of " + name +
                  " is far from the provider's: of the last " + std::to_string(times) +
                  " such calls, one was counted as " + std::to_string(counted) +
                  " tokens and billed as " + std::to_string(told) + ".";
  alert.details = {{"counted", counted}, {"told", told}};
  set_once(alert, "drift|" + name, hours(24), now);
  sink_.raise(std::move(alert));
}

void CallAlerts::store_failed(ledger::LedgerError error) {
  const policy::Time now = clock_.now();
  // At every call while the store is away: so no lock.
  const auto hour = std::chrono::floor<hours>(now).time_since_epoch().count();
  if (store_failed_at_.exchange(hour, std::memory_order_relaxed) == hour) return;
  Alert alert;
  alert.type = AlertType::store_failure;
  alert.severity = Severity::error;
  alert.message = "The store of budgets cannot be asked, or does not take what was spent (" +
                  std::string(ledger::name_of(error)) + ").";
  alert.details = {{"error", ledger::name_of(error)}};
  set_once(alert, "store_failure", hours(1), now);
  sink_.raise(std::move(alert));
}

}  // namespace budget::admin
