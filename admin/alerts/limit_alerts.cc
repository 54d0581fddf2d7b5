#include "admin/alerts/limit_alerts.h"

#include <algorithm>
#include <array>
#include <utility>

#include "admin/json_parts.h"
#include "policy/figures.h"
#include "policy/zone.h"

namespace budget::admin {
namespace {

using policy::Unit;
using pricing::Money;
// pedantic C++ has no 128-bit integer of its own.
__extension__ using Wide = __int128;

// A forecast needs a part of the period and of the limit to have passed.
constexpr std::int64_t forecast_part = 20;
constexpr std::int64_t forecast_spent_part = 10;
// An alert about what never resets is raised once.
constexpr std::chrono::days never{3650};

std::string_view words_of(Unit unit) {
  switch (unit) {
    case Unit::cost:
      return "";
    case Unit::tokens:
      return " tokens";
    case Unit::input_tokens:
      return " input tokens";
    case Unit::output_tokens:
      return " output tokens";
    case Unit::requests:
      return " requests";
    case Unit::concurrent:
      return " calls at once";
  }
  return "";
}

std::string amount_text(Unit unit, std::int64_t value) {
  if (unit == Unit::cost) return "$" + pricing::to_usd_short(Money(value));
  return std::to_string(value) + std::string(words_of(unit));
}

void put_amount(json::object& object, std::string_view name, Unit unit, std::int64_t value) {
  if (unit == Unit::cost) {
    put_money(object, name, Money(value));
  } else {
    object[name] = value;
  }
}

std::string subject_of(std::string_view budget, std::string_view policy,
                       std::string_view partition) {
  std::string text = "Budget '" + std::string(budget) + "', policy '" + std::string(policy) + "'";
  if (!partition.empty()) text += " (" + std::string(partition) + ")";
  return text;
}

std::string_view budget_in(const policy::Policy& policy) {
  return std::string_view(policy.id).substr(0, policy.id.find('/'));
}

struct Span {
  std::string key;
  policy::Time until;
};

// The period that an alert is raised once in. A rolling one has no beginning;
// it is cut into stretches of its length.
Span span_of(const policy::Period& period, std::optional<policy::Time> resets_at,
             policy::Time now) {
  if (period.kind == policy::Period::Kind::rolling && period.rolling.count() > 0) {
    const std::chrono::milliseconds length = period.rolling;
    const auto number = now.time_since_epoch() / length;
    return {"r" + std::to_string(number), policy::Time((number + 1) * length)};
  }
  if (!resets_at) return {"never", now + never};
  return {std::to_string(resets_at->time_since_epoch().count()), *resets_at};
}

void set_once(Alert& alert, std::string_view what, const Span& span) {
  alert.once = std::string(what) + "|" + alert.policy_id + "|" + alert.partition + "|" + span.key;
  alert.once_until = span.until;
}

std::string percent_text(std::int64_t ppm) {
  std::string text = std::to_string(ppm / 10'000);
  if (ppm % 10'000 != 0) {
    std::string rest = std::to_string(10'000 + ppm % 10'000).substr(1);
    rest.erase(rest.find_last_not_of('0') + 1);
    text += "." + rest;
  }
  return text;
}

// "Thursday, 2026-11-26 at 14:00 (Europe/Berlin)"
std::string local_text(policy::Time time, const std::string& timezone) {
  static constexpr std::array<std::string_view, 7> names{
      "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto zone = policy::Zone::load(timezone);
  if (zone) seconds += zone->stretch_at(seconds).offset;
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::string text = policy::rfc3339(policy::Time(seconds));
  return std::string(names.at(std::chrono::weekday(day).c_encoding())) + ", " + text.substr(0, 10) +
         " at " + text.substr(11, 5) + " (" + (zone ? timezone : "UTC") + ")";
}

}  // namespace

bool alerts_on(const policy::Policy& policy) {
  return policy.enabled && !policy.shadow && policy.type != policy::PolicyType::ignore;
}

std::optional<Reached> reached(const policy::Policy& policy,
                               std::span<const std::int64_t> thresholds_ppm,
                               const policy::CounterState& state, const policy::Amount* last) {
  std::optional<Reached> highest;
  policy::CounterState spent_last;
  if (last) {
    spent_last.spent = *last;
    spent_last.requests = 1;
  }
  policy::for_each_limit(policy.limits, [&](Unit unit, std::int64_t limit) {
    if (unit == Unit::concurrent) return;
    const std::int64_t after = policy::figures_of(unit, state, {}).spent;
    const std::int64_t before = after - policy::figures_of(unit, spent_last, {}).spent;
    const auto look = [&](std::int64_t ppm) {
      const Wide share = Wide{limit} * ppm;
      if (Wide{after} * whole_ppm < share || after == 0) return;
      if (last && Wide{before} * whole_ppm >= share && before > 0) return;
      if (!highest || ppm > highest->ppm) highest = Reached{unit, limit, after, ppm};
    };
    for (const std::int64_t ppm : thresholds_ppm) look(ppm);
    look(policy.warning_threshold_ppm);
  });
  return highest;
}

Alert alert_of(const Reached& reached, const policy::Policy& policy,
               const policy::CounterRef& counter, policy::Time now) {
  const bool whole = reached.ppm >= whole_ppm;
  Alert alert;
  alert.type = whole ? AlertType::budget_exceeded : AlertType::threshold;
  alert.severity = whole ? Severity::error : Severity::warning;
  alert.policy_id = policy.id;
  alert.partition = counter.partition;
  alert.message =
      subject_of(budget_in(policy), policy.name, counter.partition) + ": " +
      (whole ? "the limit is spent" : percent_text(reached.ppm) + " % of the limit is spent") +
      ", " + amount_text(reached.unit, reached.spent) + " of " +
      amount_text(reached.unit, reached.limit) + ".";
  if (counter.resets_at && counter.rolling.count() == 0) {
    alert.message += " It resets at " + policy::rfc3339(*counter.resets_at) + ".";
  }
  alert.details = {{"unit", policy::name_of(reached.unit)},
                   {"threshold", static_cast<double>(reached.ppm) / whole_ppm}};
  put_amount(alert.details, "limit", reached.unit, reached.limit);
  put_amount(alert.details, "spent", reached.unit, reached.spent);
  alert.details["resets_at"] = to_json(counter.resets_at);
  const Span span = span_of(policy.period, counter.resets_at, now);
  set_once(alert, whole ? "exceeded" : "threshold:" + std::to_string(reached.ppm), span);
  return alert;
}

std::optional<Alert> alert_of(const policy::Denial& denial, std::string message, policy::Time now) {
  if (denial.unit == Unit::concurrent) return std::nullopt;
  Alert alert;
  alert.type = AlertType::budget_exceeded;
  alert.severity = Severity::error;
  alert.policy_id = denial.budget + "/" + denial.policy;
  alert.partition = denial.partition;
  alert.message = std::move(message);
  alert.details = {{"unit", policy::name_of(denial.unit)}};
  put_amount(alert.details, "limit", denial.unit, denial.limit);
  put_amount(alert.details, "spent", denial.unit, denial.spent);
  put_amount(alert.details, "reserved", denial.unit, denial.reserved);
  put_amount(alert.details, "requested", denial.unit, denial.requested);
  alert.details["resets_at"] = to_json(denial.resets_at);
  set_once(alert, "exceeded", span_of(denial.period, denial.resets_at, now));
  return alert;
}

std::optional<Alert> forecast_of(const policy::Policy& policy, const std::string& timezone,
                                 const policy::CounterRef& counter,
                                 const policy::CounterState& state, policy::Time now) {
  if (!policy.limits.cost || !counter.resets_at || counter.rolling.count() > 0) return std::nullopt;
  const std::int64_t limit = policy.limits.cost->value();
  const std::int64_t spent = state.spent.cost.value();
  const std::int64_t whole = (*counter.resets_at - counter.window_start).count();
  const std::int64_t passed = (now - counter.window_start).count();
  if (whole <= 0 || passed < whole / forecast_part || passed > whole) return std::nullopt;
  if (spent >= limit || spent < limit / forecast_spent_part || spent == 0) return std::nullopt;
  const Wide takes = Wide{passed} * limit / spent;
  if (takes >= whole) return std::nullopt;
  const policy::Time at =
      counter.window_start + std::chrono::milliseconds(static_cast<std::int64_t>(takes));
  Alert alert;
  alert.type = AlertType::forecast;
  alert.severity = Severity::info;
  alert.policy_id = policy.id;
  alert.partition = counter.partition;
  alert.message = subject_of(budget_in(policy), policy.name, counter.partition) +
                  ": at this rate the limit of " + amount_text(Unit::cost, limit) +
                  " is spent on " + local_text(at, timezone) + ", before it resets at " +
                  policy::rfc3339(*counter.resets_at) + ".";
  put_money(alert.details, "limit", Money(limit));
  put_money(alert.details, "spent", Money(spent));
  alert.details["exhausted_at"] = policy::rfc3339(at);
  alert.details["resets_at"] = to_json(counter.resets_at);
  set_once(alert, "forecast", span_of(policy.period, counter.resets_at, now));
  return alert;
}

}  // namespace budget::admin
