// How much of a budget is used: one item a policy and partition.
#include <vector>

#include "admin/api/handlers.h"
#include "admin/budget_lines.h"
#include "admin/find.h"
#include "admin/policy_json.h"
#include "admin/summary_json.h"

namespace budget::admin {

Answer get_budget_summary(Context& context) {
  const policy::Budget* budget = find_budget(*context.view, context.param("id"));
  if (!budget) co_return failure(not_found("budget", context.param("id")));
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);

  auto list = [source = context.services.counters] { return live_counters(source); };
  const auto live = co_await run_blocking(context.services.pool, std::move(list));
  const auto all = lines_of(*context.view->policies, *budget, live, context.now);
  const auto lines = part_of(all, page);
  std::vector<policy::CounterRef> counters;
  counters.reserve(lines.size());
  for (const BudgetLine& line : lines) counters.push_back(line.counter);
  const auto states = co_await context.services.ledger.read(std::move(counters), context.now);
  if (!states) co_return failure(store_failed(states.error()));
  json::array items;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const policy::Policy& policy = *lines[i].policy;
    json::object item = summary_json(policy, lines[i].counter, (*states)[i], context.now);
    const auto found = context.view->merged->overrides.find(policy.id);
    item["override"] = found == context.view->merged->overrides.end() ? json::value(nullptr)
                                                                      : to_json(found->second);
    items.push_back(std::move(item));
  }
  co_return listing(std::move(items), static_cast<std::int64_t>(all.size()), page);
}

}  // namespace budget::admin
