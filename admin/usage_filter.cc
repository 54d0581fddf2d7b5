#include "admin/usage_filter.h"

#include <algorithm>
#include <utility>

namespace budget::admin {
namespace {

// The store filters by policy. A budget of one policy is that policy; for
// others the question has to be asked policy by policy.
std::string policy_of_budget(Input& input, const std::string& id, const View& view) {
  const auto& budgets = view.policies->config().budgets;
  const auto budget =
      std::find_if(budgets.begin(), budgets.end(), [&id](const auto& b) { return b.name == id; });
  if (budget == budgets.end()) {
    input.complain("budget_id", "names no budget");
    return "";
  }
  if (budget->policies.size() == 1) return budget->policies.front().id;
  input.complain("budget_id", "names a budget with several policies; say policy_id instead");
  return "";
}

}  // namespace

ledger::UsageFilter read_usage_filter(Input& input, const View& view) {
  ledger::UsageFilter filter;
  filter.start = input.time("start_time");
  filter.end = input.time("end_time");
  filter.provider = input.text("provider");
  filter.model = input.text("model");
  filter.component = input.text("component");
  filter.task_type = input.text("task_type");
  filter.user = input.text("user");
  filter.context_id = input.text("context_id");
  filter.key_id = input.text("key");
  filter.policy_id = input.text("policy_id");
  filter.request_id = input.text("request_id");
  const std::string budget = input.text("budget_id");
  if (!budget.empty() && filter.policy_id.empty()) {
    filter.policy_id = policy_of_budget(input, budget, view);
  }
  if (const std::string tag = input.text("tag"); !tag.empty()) {
    const std::size_t equals = tag.find('=');
    if (equals == std::string::npos || equals == 0) {
      input.complain("tag", "must be NAME=VALUE");
    } else {
      filter.tag = std::pair(tag.substr(0, equals), tag.substr(equals + 1));
    }
  }
  if (filter.start && filter.end && *filter.end <= *filter.start) {
    input.complain("end_time", "must be after start_time");
  }
  return filter;
}

}  // namespace budget::admin
