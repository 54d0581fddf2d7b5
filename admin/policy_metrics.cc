#include "admin/policy_metrics.h"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "admin/metrics.h"
#include "policy/figures.h"

namespace budget::admin {
namespace {

// Of one policy's lines [begin, end) the one with the most spent and reserved;
// they share their limit.
std::size_t fullest(const std::vector<policy::CounterState>& states, std::size_t begin,
                    std::size_t end, policy::Unit unit) {
  std::size_t best = begin;
  for (std::size_t i = begin + 1; i < end; ++i) {
    if (policy::figures_of(unit, states[i], {}).committed() >
        policy::figures_of(unit, states[best], {}).committed()) {
      best = i;
    }
  }
  return best;
}

}  // namespace

std::vector<MetricFamily> policy_families(const std::vector<BudgetLine>& lines,
                                          const std::vector<policy::CounterState>& states) {
  MetricFamily limit{
      "budget_policy_limit", "A policy's limit, in US dollars where the unit is cost", "gauge", {}};
  MetricFamily spent{"budget_policy_spent",
                     "Spent of the limit, in the partition that is the fullest",
                     "gauge",
                     {}};
  MetricFamily reserved{
      "budget_policy_reserved", "Held by calls in flight, in that partition", "gauge", {}};
  MetricFamily partitions{
      "budget_policy_partitions", "Counters that a policy has in its present period", "gauge", {}};
  for (std::size_t begin = 0; begin < lines.size();) {
    const policy::Policy& policy = *lines[begin].policy;
    std::size_t end = begin;
    while (end < lines.size() && lines[end].policy == &policy) ++end;
    const std::string name = fmt::format("policy=\"{}\"", label_value(policy.id));
    partitions.samples.push_back({partitions.name, name, static_cast<std::int64_t>(end - begin)});
    for (const policy::Unit unit : policy::all_units) {
      const auto amount = policy::limit_of(policy.limits, unit);
      if (!amount) continue;
      const auto state = states[fullest(states, begin, end, unit)];
      const policy::Figures figures = policy::figures_of(unit, state, {});
      const std::string labels = fmt::format("{},unit=\"{}\"", name, policy::name_of(unit));
      const int decimals = unit == policy::Unit::cost ? 9 : 0;
      limit.samples.push_back({limit.name, labels, *amount, decimals});
      spent.samples.push_back({spent.name, labels, figures.spent, decimals});
      reserved.samples.push_back({reserved.name, labels, figures.reserved, decimals});
    }
    begin = end;
  }
  return {limit, spent, reserved, partitions};
}

}  // namespace budget::admin
