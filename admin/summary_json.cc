#include "admin/summary_json.h"

#include <algorithm>
#include <limits>

#include "admin/json_parts.h"
#include "admin/policy_json.h"
#include "policy/figures.h"

namespace budget::admin {
namespace {

using pricing::Money;

// A forecast needs this part of the period to have passed.
constexpr std::int64_t forecast_from = 20;

// a * b / c, saturated. REQUIRES: c > 0.
std::int64_t scaled(std::int64_t a, std::int64_t b, std::int64_t c) {
  const __int128 value = static_cast<__int128>(a) * b / c;
  constexpr __int128 most = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp<__int128>(value, -most, most));
}

// In hundredths of a percent.
std::optional<std::int64_t> share_used(const policy::Limits& limits,
                                       const policy::CounterState& state) {
  std::optional<std::int64_t> share;
  for (const policy::Unit unit : policy::all_units) {
    const auto limit = policy::limit_of(limits, unit);
    if (!limit || unit == policy::Unit::concurrent) continue;
    const std::int64_t used = policy::figures_of(unit, state, {}).committed();
    const std::int64_t part = *limit > 0 ? scaled(used, 10'000, *limit) : 10'000;
    share = std::max(share.value_or(0), part);
  }
  return share;
}

json::value forecast(const policy::Policy& policy, const policy::CounterRef& counter,
                     const policy::CounterState& state, policy::Time now) {
  if (!counter.resets_at || counter.rolling.count() > 0) return nullptr;
  const std::int64_t whole = (*counter.resets_at - counter.window_start).count();
  const std::int64_t passed = (now - counter.window_start).count();
  if (whole <= 0 || passed <= 0 || passed > whole || passed < whole / forecast_from) return nullptr;
  json::object object;
  const std::int64_t spent = state.spent.cost.value();
  put_money(object, "cost", Money(scaled(spent, whole, passed)));
  std::optional<policy::Time> exhausted;
  if (policy.limits.cost && spent > 0) {
    const std::int64_t takes = scaled(passed, policy.limits.cost->value(), spent);
    if (takes <= whole) exhausted = counter.window_start + std::chrono::milliseconds(takes);
  }
  object["exhausted_at"] = to_json(exhausted);
  return object;
}

}  // namespace

json::object summary_json(const policy::Policy& policy, const policy::CounterRef& counter,
                          const policy::CounterState& state, policy::Time now) {
  json::object object{{"policy_id", policy.id},
                      {"policy", policy.name},
                      {"type", name_of(policy.type)},
                      {"period", name_of(policy.period.kind)},
                      {"partition", counter.partition}};
  object["window_start"] = counter.window_start == policy::Time{}
                               ? json::value(nullptr)
                               : to_json(std::optional(counter.window_start));
  object["resets_at"] = to_json(counter.resets_at);
  const Money spent = state.spent.cost;
  const Money reserved = state.reserved.cost;
  put_money(object, "spent", spent);
  put_money(object, "reserved", reserved);
  put_money(object, "limit", policy.limits.cost);
  std::optional<Money> remaining;
  if (policy.limits.cost) remaining = *policy.limits.cost - spent - reserved;
  put_money(object, "remaining", remaining);
  const auto share = share_used(policy.limits, state);
  object["percentage"] =
      share ? json::value(static_cast<double>(*share) / 100.0) : json::value(nullptr);
  object["input_tokens"] = state.spent.input.value();
  object["output_tokens"] = state.spent.output.value();
  object["reserved_tokens"] = (state.reserved.input + state.reserved.output).value();
  object["requests"] = state.requests;
  object["in_flight"] = state.in_flight;
  object["limits"] = to_json(policy.limits);
  object["forecast"] = forecast(policy, counter, state, now);
  return object;
}

}  // namespace budget::admin
