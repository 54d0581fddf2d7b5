// The record of a call before its end is known.
#pragma once

#include <chrono>

#include "proxy/pipeline/call.h"

namespace budget::pipeline {

// A hold lapses this long after its last renewal; the relay renews it while
// bytes pass.
inline constexpr std::chrono::minutes hold_lease{15};

// The record of `call` charged at `worst`: what stands if the proxy dies.
[[nodiscard]] ledger::UsageRecord provisional_record(const Call& call, const ledger::Amount& worst);

// Who, what and when, without figures.
[[nodiscard]] ledger::UsageRecord blank_record(const Call& call);

}  // namespace budget::pipeline
