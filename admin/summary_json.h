// One policy's counter in JSON: how much of it is used.
#pragma once

#include "admin/answer.h"
#include "policy/counter.h"
#include "policy/policy.h"

namespace budget::admin {

// What a summary tells of `policy` for the partition and period of `counter`.
// `percentage` is of the limit of which most is spent and held, calls in flight
// apart. `forecast` goes on from the period's average so far: null without a
// reset, and in a period's first twentieth, where an average says nothing.
[[nodiscard]] json::object summary_json(const policy::Policy& policy,
                                        const policy::CounterRef& counter,
                                        const policy::CounterState& state, policy::Time now);

}  // namespace budget::admin
