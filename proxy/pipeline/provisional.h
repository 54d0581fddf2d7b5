// The record of a call before its end is known.
#pragma once

#include <chrono>

#include "proxy/pipeline/call.h"

namespace budget::pipeline {

// A hold lapses at least this long after its last renewal; the relay renews it
// while bytes pass.
inline constexpr std::chrono::minutes hold_lease{15};

// When a hold that is made or renewed `now` lapses: never while the provider
// may still keep silent.
[[nodiscard]] policy::Time lease_end(const Call& call, policy::Time now);

// The record of `call` charged at an output of `ceiling` tokens: what stands if
// the proxy dies before it knows better.
[[nodiscard]] ledger::UsageRecord provisional_record(const Call& call, pricing::Tokens ceiling);

// Who, what and when, without figures.
[[nodiscard]] ledger::UsageRecord blank_record(const Call& call);

}  // namespace budget::pipeline
