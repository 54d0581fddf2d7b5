// Budgets, as they are in force.
#include "admin/api/handlers.h"
#include "admin/find.h"
#include "admin/policy_json.h"

namespace budget::admin {

Answer list_budgets(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const auto active = input->flag("is_active");
  const std::string owner = input->text("owner");
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);

  json::array found;
  for (const policy::Budget& budget : context.view->policies->config().budgets) {
    if (active && *active != is_active(budget)) continue;
    if (!owner.empty() && owner != budget.owner) continue;
    found.push_back(to_json(budget));
  }
  const auto total = static_cast<std::int64_t>(found.size());
  co_return listing(part_of(found, page), total, page);
}

Answer get_budget(Context& context) {
  const policy::Budget* budget = find_budget(*context.view, context.param("id"));
  if (!budget) co_return failure(not_found("budget", context.param("id")));
  co_return success(to_json(*budget));
}

Answer list_budget_policies(Context& context) {
  const policy::Budget* budget = find_budget(*context.view, context.param("id"));
  if (!budget) co_return failure(not_found("budget", context.param("id")));
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);

  json::array all;
  for (const policy::Policy& policy : budget->policies) all.push_back(to_json(policy, *budget));
  co_return listing(part_of(all, page), static_cast<std::int64_t>(all.size()), page);
}

}  // namespace budget::admin
