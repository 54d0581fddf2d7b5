// Arithmetic on what calls take from counters. Pure, O(1), integers only.
#pragma once

#include <algorithm>

#include "policy/counter.h"
#include "policy/ledger/usage_record.h"

namespace budget::ledger {

using policy::Amount;

[[nodiscard]] inline Amount plus(const Amount& a, const Amount& b) {
  return {a.cost + b.cost, a.input + b.input, a.output + b.output};
}
[[nodiscard]] inline Amount minus(const Amount& a, const Amount& b) {
  return {a.cost - b.cost, a.input - b.input, a.output - b.output};
}
// The smaller and the larger, unit by unit.
[[nodiscard]] inline Amount least(const Amount& a, const Amount& b) {
  return {std::min(a.cost, b.cost), std::min(a.input, b.input), std::min(a.output, b.output)};
}
[[nodiscard]] inline Amount most(const Amount& a, const Amount& b) {
  return {std::max(a.cost, b.cost), std::max(a.input, b.input), std::max(a.output, b.output)};
}

// What a record takes from each of its counters.
[[nodiscard]] inline Amount used_by(const UsageRecord& record) {
  return {record.cost.total, record.usage.input_total(), record.usage.output_total()};
}

// `limits` without those on units of which nothing more is asked: what an
// allocation covers wholly, or an extension does not raise, needs no room.
[[nodiscard]] policy::Limits limits_on(policy::Limits limits, const Amount& asked);
// `limits` without those on calls: for what is not one more call.
[[nodiscard]] policy::Limits without_calls(policy::Limits limits);

// Raises the figures of a record to at least `amount`, so that a lapse is
// charged at what was held last (docs/decisions/0005-life-of-a-hold.md).
void raise_to(UsageRecord& record, const Amount& amount);

}  // namespace budget::ledger
