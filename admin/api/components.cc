// The components that have called, and the tiers of models.
#include <algorithm>
#include <map>

#include "admin/api/handlers.h"
#include "admin/json_parts.h"
#include "policy/glob.h"

namespace budget::admin {
namespace {

// How far back a component is remembered where the request does not say.
constexpr std::chrono::days looks_back{30};

// Ids of the enabled policies that name `value`, rather than everything.
json::array policies_naming(const View& view, std::string_view value,
                            std::vector<std::string> policy::Match::* field) {
  json::array ids;
  for (const policy::Budget& budget : view.policies->config().budgets) {
    for (const policy::Policy& policy : budget.policies) {
      const auto& patterns = policy.match.*field;
      const bool names = std::any_of(
          patterns.begin(), patterns.end(),
          [value](const std::string& each) { return policy::Glob(each).matches(value); });
      if (policy.enabled && names) ids.push_back(json::value(policy.id));
    }
  }
  return ids;
}

json::object component_json(const View& view, const std::string& name,
                            const ledger::UsageSum* sum) {
  const ledger::UsageSum none;
  const ledger::UsageSum& used = sum ? *sum : none;
  json::object object{{"component", name},
                      {"requests", used.requests},
                      {"input_tokens", used.input.value()},
                      {"output_tokens", used.output.value()}};
  put_money(object, "total_cost", used.total_cost);
  object["policies"] = policies_naming(view, name, &policy::Match::component);
  return object;
}

// Components that a policy names by a whole name, called or not.
void add_named(const View& view, std::map<std::string, const ledger::UsageSum*>& components) {
  for (const policy::Budget& budget : view.policies->config().budgets) {
    for (const policy::Policy& policy : budget.policies) {
      for (const std::string& each : policy.match.component) {
        if (each.find_first_of("*?") == std::string::npos) components.emplace(each, nullptr);
      }
    }
  }
}

}  // namespace

Answer list_components(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  ledger::UsageFilter filter;
  filter.start = input->time("start_time").value_or(context.now - looks_back);
  filter.end = input->time("end_time");
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);

  auto ask = [&usage = context.services.usage, filter] {
    return usage.summary(filter, {"component"});
  };
  const auto sums = co_await run_blocking(context.services.pool, std::move(ask));
  if (!sums) co_return failure(store_failed(sums.error()));
  std::map<std::string, const ledger::UsageSum*> components;
  for (const ledger::UsageSum& sum : *sums) components.emplace(sum.group.at(0), &sum);
  add_named(*context.view, components);
  json::array all;
  for (const auto& [name, sum] : components)
    all.push_back(component_json(*context.view, name, sum));
  const auto total = static_cast<std::int64_t>(all.size());
  co_return listing(part_of(all, page), total, page);
}

Answer list_tiers(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);

  json::array all;
  for (const policy::Tier& tier : context.view->policies->config().tiers) {
    all.push_back(
        json::object{{"name", tier.name},
                     {"models", to_json(tier.models)},
                     {"policies", policies_naming(*context.view, tier.name, &policy::Match::tier)},
                     {"source", "file"}});
  }
  const auto total = static_cast<std::int64_t>(all.size());
  co_return listing(part_of(all, page), total, page);
}

}  // namespace budget::admin
