#include "admin/budget_lines.h"

#include <utility>

#include "policy/partition.h"

namespace budget::admin {

LiveCounters live_counters(const CounterSource& source) {
  LiveCounters live;
  if (!source) return live;
  for (policy::CounterRef& counter : source()) {
    live.emplace(std::move(counter.key), std::move(counter.partition));
  }
  return live;
}

std::vector<BudgetLine> lines_of(const policy::PolicySet& policies, const policy::Budget& budget,
                                 const LiveCounters& live, policy::Time now) {
  std::vector<BudgetLine> lines;
  for (const policy::Policy& policy : budget.policies) {
    policy::CounterRef whole = policies.counter_of(policy, "", now);
    if (policy::partition_fields(policy).empty()) {
      lines.push_back({&policy, std::move(whole)});
      continue;
    }
    const std::string prefix = whole.key.substr(0, whole.key.find('|') + 1);
    for (auto at = live.lower_bound(prefix); at != live.end() && at->first.starts_with(prefix);
         ++at) {
      policy::CounterRef counter = policies.counter_of(policy, at->second, now);
      if (counter.key == at->first) lines.push_back({&policy, std::move(counter)});
    }
  }
  return lines;
}

}  // namespace budget::admin
