// Budgets, as they are in force.
#include "admin/api/handlers.h"
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
  for (const policy::Budget& budget : context.view->merged->defined.budgets) {
    if (active && *active != is_active(budget)) continue;
    if (!owner.empty() && owner != budget.owner) continue;
    found.push_back(to_json(budget));
  }
  for (const SkippedPolicy& skipped : context.view->merged->skipped_budgets) {
    if (active && *active) continue;
    if (!owner.empty() && skipped.item.at("owner") != json::value(owner)) continue;
    found.push_back(skipped.item);
  }
  const auto total = static_cast<std::int64_t>(found.size());
  co_return listing(part_of(found, page), total, page);
}

Answer get_budget(Context& context) {
  auto item = budget_item(*context.view->merged, context.param("id"));
  if (!item) co_return failure(not_found("budget", context.param("id")));
  co_return tagged_success(std::move(item->item), item->etag);
}

Answer list_budget_policies(Context& context) {
  const std::string& id = context.param("id");
  const MergedPolicies& merged = *context.view->merged;
  if (!budget_item(merged, id)) co_return failure(not_found("budget", id));
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);

  json::array all;
  for (const policy::Budget& budget : merged.defined.budgets) {
    if (budget.name != id) continue;
    for (const policy::Policy& policy : budget.policies) {
      all.push_back(to_json(policy, budget, merged));
    }
  }
  for (const SkippedPolicy& skipped : merged.skipped_policies) {
    if (skipped.item.at("budget_id") == json::value(id)) all.push_back(skipped.item);
  }
  co_return listing(part_of(all, page), static_cast<std::int64_t>(all.size()), page);
}

}  // namespace budget::admin
