// What a context has used, and what it has left.
#include <utility>

#include "admin/api/handlers.h"
#include "admin/budget_lines.h"
#include "admin/summary_json.h"
#include "admin/usage_sums.h"

namespace budget::admin {
namespace {

struct Used {
  std::vector<ledger::UsageSum> total, models;
};

std::expected<Used, std::string> read_used(ledger::UsageStore& usage, const std::string& id) {
  ledger::UsageFilter filter;
  filter.context_id = id;
  auto total = usage.summary(filter, {});
  if (!total) return std::unexpected(total.error());
  auto models = usage.summary(filter, {"provider", "model"});
  if (!models) return std::unexpected(models.error());
  return Used{std::move(*total), std::move(*models)};
}

// The counters that are this context's own: of per_session policies, and of
// those that count contexts apart.
std::vector<std::pair<const policy::Budget*, BudgetLine>> own_lines(const View& view,
                                                                    const LiveCounters& live,
                                                                    const std::string& id,
                                                                    policy::Time now) {
  std::vector<std::pair<const policy::Budget*, BudgetLine>> own;
  const std::string value = partition_value(id);
  for (const policy::Budget& budget : view.policies->config().budgets) {
    for (BudgetLine& line : lines_of(*view.policies, budget, live, now)) {
      if (value_in_partition(line.counter.partition, "context") == value) {
        own.emplace_back(&budget, std::move(line));
      }
    }
  }
  return own;
}

}  // namespace

Answer get_context_usage(Context& context) {
  const std::string id = context.param("context_id");
  auto ask = [&usage = context.services.usage, id, source = context.services.counters] {
    return std::pair(read_used(usage, id), live_counters(source));
  };
  const auto [used, live] = co_await run_blocking(context.services.pool, std::move(ask));
  if (!used) co_return failure(store_failed(used.error()));

  const auto own = own_lines(*context.view, live, id, context.now);
  std::vector<policy::CounterRef> counters;
  for (const auto& [budget, line] : own) counters.push_back(line.counter);
  const auto states = co_await context.services.ledger.read(std::move(counters), context.now);
  if (!states) co_return failure(store_failed(states.error()));
  json::array limits;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const BudgetLine& line = own[i].second;
    json::object item = summary_json(*line.policy, line.counter, (*states)[i], context.now);
    item["budget_id"] = own[i].first->name;
    limits.push_back(std::move(item));
  }
  json::array models;
  for (const ledger::UsageSum& sum : used->models) {
    json::object item = sums_json(sum);
    item["provider"] = sum.group[0];
    item["model"] = sum.group[1];
    models.push_back(std::move(item));
  }
  co_return success(json::object{
      {"context_id", id},
      {"usage", sums_json(used->total.empty() ? ledger::UsageSum{} : used->total.front())},
      {"models", std::move(models)},
      {"limits", std::move(limits)}});
}

}  // namespace budget::admin
