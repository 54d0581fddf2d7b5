// How full budgets are, for /metrics.
#pragma once

#include <vector>

#include "admin/budget_lines.h"
#include "admin/view.h"

namespace budget::admin {

// For each policy of `lines` and each limit it has: the limit, and what is
// spent and reserved of it in the partition that is the fullest; partitions
// have callers' words for names and are never labels. And how many partitions
// there are. Costs in US dollars, the rest in the unit itself.
// REQUIRES: the lines of a policy stand together; states are parallel to them.
[[nodiscard]] std::vector<MetricFamily> policy_families(
    const std::vector<BudgetLine>& lines, const std::vector<policy::CounterState>& states);

}  // namespace budget::admin
