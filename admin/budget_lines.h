// Which counters a budget has at an instant.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "admin/service.h"
#include "policy/engine.h"

namespace budget::admin {

struct BudgetLine {
  const policy::Policy* policy = nullptr;  // owned by the PolicySet
  policy::CounterRef counter;
};

// The partition of each counter there is, by its key.
using LiveCounters = std::map<std::string, std::string>;

// Asks the store; may block. Empty without a source.
[[nodiscard]] LiveCounters live_counters(const CounterSource& source);

// A policy that counts nothing apart always has its one line; one that does
// has a line for each value that its present period has seen. Policies in the
// order of the configuration. REQUIRES: `budget` is of `policies`.
[[nodiscard]] std::vector<BudgetLine> lines_of(const policy::PolicySet& policies,
                                               const policy::Budget& budget,
                                               const LiveCounters& live, policy::Time now);

}  // namespace budget::admin
