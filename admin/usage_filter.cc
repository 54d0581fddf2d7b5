#include "admin/usage_filter.h"

#include <algorithm>
#include <utility>

namespace budget::admin {
namespace {

bool names_budget(const View& view, const std::string& name) {
  const auto& budgets = view.policies->config().budgets;
  return std::any_of(budgets.begin(), budgets.end(),
                     [&name](const auto& budget) { return budget.name == name; });
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
  filter.budget = input.text("budget_id");
  if (!filter.budget.empty() && !names_budget(view, filter.budget)) {
    input.complain("budget_id", "names no budget");
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
