// Which counters a budget has at an instant.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
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

// The value that a partition such as "component=apollo,context=c1" has for
// `name`, encoded as it is there; nullopt: it counts no such values apart.
[[nodiscard]] std::optional<std::string_view> value_in_partition(std::string_view partition,
                                                                 std::string_view name);
// `value` as a partition writes it. REQUIRES: it is not empty.
[[nodiscard]] std::string partition_value(std::string_view value);

}  // namespace budget::admin
