#include "admin/budget_lines.h"

#include <algorithm>
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

std::optional<std::string_view> value_in_partition(std::string_view partition,
                                                   std::string_view name) {
  while (!partition.empty()) {
    const std::string_view part = partition.substr(0, partition.find(','));
    partition.remove_prefix(std::min(part.size() + 1, partition.size()));
    if (part.starts_with(name) && part.substr(name.size()).starts_with('=')) {
      return part.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

std::string partition_value(std::string_view value) {
  // A "-" stands for a label that was not said.
  if (value == "-") return "%2D";
  std::string text;
  policy::append_encoded(text, value);
  return text;
}

}  // namespace budget::admin
