// Alerts about a policy's limits, made from its counters. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "admin/alerts/alert.h"
#include "policy/counter.h"
#include "policy/decision.h"
#include "policy/policy.h"

namespace budget::admin {

inline constexpr std::int64_t whole_ppm = 1'000'000;

// Whether a policy's limits are worth an alert: not those of one that is only
// counted, or tried out.
[[nodiscard]] bool alerts_on(const policy::Policy& policy);

// What a counter's limit has come to.
struct Reached {
  policy::Unit unit = policy::Unit::cost;
  std::int64_t limit = 0;
  std::int64_t spent = 0;
  std::int64_t ppm = 0;  // the threshold, in parts per million of the limit
};

// The highest of `thresholds_ppm`, or the policy's own warning threshold, that
// what is spent has reached on any limit but concurrency, having been below it
// before `last` was spent; nullopt: none. With nullopt for `last`: reached
// whenever. What is held does not count: it may never be spent. Cost: a
// multiplication for each limit and threshold.
[[nodiscard]] std::optional<Reached> reached(const policy::Policy& policy,
                                             std::span<const std::int64_t> thresholds_ppm,
                                             const policy::CounterState& state,
                                             const policy::Amount* last);

// The alert of that: a threshold, or from the whole limit on budget_exceeded.
[[nodiscard]] Alert alert_of(const Reached& reached, const policy::Policy& policy,
                             const policy::CounterRef& counter, policy::Time now);

// The alert of a refusal; the same as of the whole limit, of the same policy,
// partition and period. nullopt for too many calls at once, which pass.
[[nodiscard]] std::optional<Alert> alert_of(const policy::Denial& denial, std::string message,
                                            policy::Time now);

// At the rate of the period so far, the limit on cost will be spent before it
// ends. nullopt: it will not, it is already, or it is too early to say.
// `timezone` is the budget's, for the sentence. Reads the tz database.
[[nodiscard]] std::optional<Alert> forecast_of(const policy::Policy& policy,
                                               const std::string& timezone,
                                               const policy::CounterRef& counter,
                                               const policy::CounterState& state, policy::Time now);

}  // namespace budget::admin
