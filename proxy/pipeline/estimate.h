// Phase 4: what a call may cost at worst.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/pipeline/call.h"
#include "proxy/wire/problem.h"

namespace budget::pipeline {

// Fills price and worst for call.model from the facts: the input's upper
// bound, which costs nothing to know, and the output ceiling. The problem is
// an unpriced model where the configuration denies those.
[[nodiscard]] std::optional<wire::Problem> estimate_call(Call& call);

// Replaces the input's bound by the best count there is, once. Returns whether
// that made the estimate smaller.
bool count_input_exactly(Call& call);

// Counts the input of a small sample of calls, chosen by request id, for which
// no decision needed it: so that what providers report can be compared with
// our own count. Sets counted_input, changes no estimate.
void sample_input_count(Call& call);

// The same call for another model of the same provider; false when that model
// has no price and those are denied.
bool estimate_for_model(Call& call, std::string_view model);

// What the worst case takes from every counter.
[[nodiscard]] ledger::Amount worst_amount(const Call& call);
// The same with another ceiling, in tokens over all choices.
[[nodiscard]] ledger::Amount amount_at(const Call& call, pricing::Tokens ceiling);

}  // namespace budget::pipeline
