// Policies, as they are in force.
#include <algorithm>

#include "admin/api/handlers.h"
#include "admin/policy_json.h"
#include "policy/glob.h"

namespace budget::admin {
namespace {

struct PolicyFilter {
  std::string period, tier, provider, component, task_type;
  std::optional<bool> enabled;
};

PolicyFilter read_filter(Input& input) {
  PolicyFilter filter;
  filter.period = input.text("period");
  filter.tier = input.text("tier");
  filter.provider = input.text("provider");
  filter.component = input.text("component");
  filter.task_type = input.text("task_type");
  filter.enabled = input.flag("enabled");
  return filter;
}

// A policy that says nothing of a field is about every value of it.
bool is_about(const std::vector<std::string>& patterns, std::string_view value) {
  return value.empty() || patterns.empty() ||
         std::any_of(patterns.begin(), patterns.end(), [value](const std::string& pattern) {
           return policy::Glob(pattern).matches(value);
         });
}

bool fits(const policy::Policy& policy, const PolicyFilter& filter) {
  if (!filter.period.empty() && filter.period != name_of(policy.period.kind)) return false;
  if (filter.enabled && *filter.enabled != policy.enabled) return false;
  return is_about(policy.match.tier, filter.tier) &&
         is_about(policy.match.provider, filter.provider) &&
         is_about(policy.match.component, filter.component) &&
         is_about(policy.match.task_type, filter.task_type);
}

ApiResponse policy_answer(const View& view, const std::string& id) {
  auto item = policy_item(*view.merged, id);
  if (!item) return failure(not_found("policy", id));
  return tagged_success(std::move(item->item), item->etag);
}

// What is skipped was not understood: only a list of all tells of it.
bool asks_for_all(const PolicyFilter& filter) {
  return !filter.enabled && filter.period.empty() && filter.tier.empty() &&
         filter.provider.empty() && filter.component.empty() && filter.task_type.empty();
}

}  // namespace

Answer list_policies(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const PolicyFilter filter = read_filter(*input);
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);

  const MergedPolicies& merged = *context.view->merged;
  json::array found;
  for (const policy::Budget& budget : merged.defined.budgets) {
    for (const policy::Policy& policy : budget.policies) {
      if (fits(policy, filter)) found.push_back(to_json(policy, budget, merged));
    }
  }
  if (asks_for_all(filter)) {
    for (const SkippedPolicy& skipped : merged.skipped_policies) found.push_back(skipped.item);
  }
  const auto total = static_cast<std::int64_t>(found.size());
  co_return listing(part_of(found, page), total, page);
}

Answer get_policy(Context& context) {
  co_return policy_answer(*context.view, context.param("id"));
}

Answer get_policy_of_budget(Context& context) {
  co_return policy_answer(*context.view, context.param("budget") + "/" + context.param("policy"));
}

}  // namespace budget::admin
