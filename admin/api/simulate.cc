// What another set of policies would have made of the recorded calls.
#include <algorithm>
#include <atomic>
#include <unordered_set>
#include <utility>

#include "admin/api/handlers.h"
#include "admin/find.h"
#include "admin/json_parts.h"
#include "admin/policy_input.h"
#include "admin/simulation.h"

namespace budget::admin {
namespace {

constexpr int page_size = 500;
constexpr std::size_t records_max = 50'000;

struct Wish {
  policy::Time start, end;
  policy::PolicyConfig policies;
};

// A field that holds a list of objects, each given to `take` with its place.
template <class Take>
void each_object(Input& input, std::string_view name, const Take& take) {
  const json::value* list = input.any(name);
  if (!list) return;
  const auto* items = list->if_array();
  if (!items) return input.complain(name, "must be a list");
  for (std::size_t i = 0; i < items->size(); ++i) {
    const std::string place = std::string(name) + "." + std::to_string(i);
    if ((*items)[i].is_object()) {
      take((*items)[i].get_object(), place);
    } else {
      input.complain(place, "must be an object");
    }
  }
}

// Checks `definition` and reports what is wrong below `place`.
std::optional<policy::Budget> checked(Input& input, const json::object& definition,
                                      const MergedPolicies& merged, const std::string& place,
                                      std::string_view less = "") {
  CheckedBudget made = check_budget(definition, merged.file.tiers, merged.context);
  for (const auto& [field, message] : made.problems) {
    std::string own = field;
    if (!less.empty() && own.starts_with(less)) own.erase(0, std::min(own.size(), less.size() + 1));
    if (!own.empty()) own.insert(0, ".");
    input.complain(std::string(place).append(own), message);
  }
  if (!made.problems.empty()) return std::nullopt;
  return std::move(made.budget);
}

void put_budget(std::vector<policy::Budget>& budgets, policy::Budget budget) {
  const auto found = std::ranges::find(budgets, budget.name, &policy::Budget::name);
  if (found == budgets.end()) {
    budgets.push_back(std::move(budget));
  } else {
    *found = std::move(budget);
  }
}

void read_budgets(Input& input, const MergedPolicies& merged, policy::PolicyConfig& config) {
  each_object(input, "budgets", [&](const json::object& sent, const std::string& place) {
    json::object definition = sent;
    for (const auto* told : {"id", "is_active", "source", "in_force", "problem"}) {
      definition.erase(told);
    }
    if (auto* policies = definition.if_contains("policies"); policies && policies->is_array()) {
      for (json::value& each : policies->get_array()) {
        if (each.is_object()) each = policy_definition(each.get_object());
      }
    }
    if (auto budget = checked(input, definition, merged, place)) {
      put_budget(config.budgets, std::move(*budget));
    }
  });
}

void read_policies(Input& input, const MergedPolicies& merged, policy::PolicyConfig& config) {
  each_object(input, "policies", [&](const json::object& sent, const std::string& place) {
    const auto* id = sent.if_contains("budget_id");
    const std::string name =
        id && id->is_string() ? std::string(std::string_view(id->get_string())) : "";
    const auto budget = std::ranges::find(config.budgets, name, &policy::Budget::name);
    if (budget == config.budgets.end()) {
      return input.complain(place + ".budget_id", "names no budget of the set");
    }
    const json::object whole{{"name", name}, {"policies", json::array{policy_definition(sent)}}};
    auto made = checked(input, whole, merged, place, "policies.0");
    if (!made) return;
    policy::Policy& policy = made->policies.front();
    const auto same = std::ranges::find(budget->policies, policy.name, &policy::Policy::name);
    if (same == budget->policies.end()) {
      budget->policies.push_back(std::move(policy));
    } else {
      *same = std::move(policy);
    }
  });
}

// Ids of budgets or policies to do without.
void read_removed(Input& input, policy::PolicyConfig& config) {
  for (const std::string& id : input.texts("remove").value_or(std::vector<std::string>{})) {
    std::size_t removed = std::erase_if(
        config.budgets, [&id](const policy::Budget& budget) { return budget.name == id; });
    for (policy::Budget& budget : config.budgets) {
      removed += std::erase_if(budget.policies,
                               [&id](const policy::Policy& policy) { return policy.id == id; });
    }
    if (removed == 0) input.complain("remove", "names no budget or policy '" + id + "'");
  }
}

Wish read_wish(Input& input, const MergedPolicies& merged, policy::Time now) {
  Wish wish;
  const auto start = input.time("start_time");
  if (!start && !input.has("start_time")) input.complain("start_time", "is required");
  wish.start = start.value_or(now);
  // Calls that go on are not recorded yet.
  wish.end = std::min(input.time("end_time").value_or(now), now);
  if (wish.start >= wish.end) input.complain("start_time", "is not before end_time");
  if (input.choice("base", {"current", "empty"}) == "empty") {
    wish.policies.tiers = merged.defined.tiers;
  } else {
    wish.policies = merged.defined;
  }
  read_removed(input, wish.policies);
  read_budgets(input, merged, wish.policies);
  read_policies(input, merged, wish.policies);
  return wish;
}

// From where on records have to be played for the counters to stand as they
// would at `start`; the beginning of time for those that never reset.
policy::Time counts_from(const policy::PolicySet& policies, policy::Time start) {
  policy::Time from = start;
  for (const policy::Budget& budget : policies.config().budgets) {
    for (const policy::Policy& policy : budget.policies) {
      if (!policy.enabled) continue;
      if (policy.period.kind == policy::Period::Kind::rolling) {
        from = std::min(from, start - policy.period.rolling);
      } else {
        from = std::min(from, policies.counter_of(policy, "", start).window_start);
      }
    }
  }
  return from;
}

struct Recorded {
  std::vector<ledger::UsageRecord> records;  // newest first
  bool truncated = false;                    // older ones were left out
};

std::expected<Recorded, std::string> read_records(ledger::UsageStore& usage, policy::Time from,
                                                  policy::Time end) {
  Recorded recorded;
  ledger::UsageFilter filter;
  if (from > policy::Time{}) filter.start = from;
  filter.end = end;
  // A record that is put in late shifts the pages, and comes twice.
  std::unordered_set<std::string> seen;
  for (int page = 1;; ++page) {
    auto found = usage.records(filter, page, page_size);
    if (!found) return std::unexpected(found.error());
    for (ledger::UsageRecord& record : found->records) {
      if (!seen.insert(record.request_id).second) continue;
      if (recorded.records.size() == records_max) {
        recorded.truncated = true;
        return recorded;
      }
      recorded.records.push_back(std::move(record));
    }
    if (found->records.size() < static_cast<std::size_t>(page_size)) return recorded;
  }
}

json::object counts_json(const SimulatedCounts& counts) {
  json::object object{{"calls", counts.calls},
                      {"allowed", counts.allowed},
                      {"warned", counts.warned},
                      {"clamped", counts.clamped},
                      {"downgraded", counts.downgraded},
                      {"denied", counts.denied},
                      {"shadow_denied", counts.shadow_denied}};
  put_money(object, "saved", counts.saved);
  return object;
}

json::object result_json(const Simulation& simulation, const Wish& wish, const Recorded& recorded) {
  json::array policies;
  for (const auto& [key, counts] : simulation.by_policy()) {
    json::object item{{"policy_id", key.first}, {"component", key.second}};
    for (auto& [name, value] : counts_json(counts)) item[name] = value;
    policies.push_back(std::move(item));
  }
  json::array components;
  for (const auto& [component, counts] : simulation.by_component()) {
    json::object item{{"component", component}};
    for (auto& [name, value] : counts_json(counts)) item[name] = value;
    components.push_back(std::move(item));
  }
  return {{"start_time", policy::rfc3339(wish.start)}, {"end_time", policy::rfc3339(wish.end)},
          {"records", recorded.records.size()},        {"truncated", recorded.truncated},
          {"total", counts_json(simulation.total())},  {"policies", std::move(policies)},
          {"components", std::move(components)}};
}

std::expected<json::object, Failure> simulate(ledger::UsageStore& usage,
                                              const std::shared_ptr<const View>& view,
                                              const Wish& wish) {
  auto policies = policy::PolicySet::compile(wish.policies);
  if (!policies) {
    return std::unexpected(Failure{ErrorCode::invalid_request, policies.error(), {}, 0});
  }
  const auto recorded = read_records(usage, counts_from(**policies, wish.start), wish.end);
  if (!recorded) return std::unexpected(store_failed(recorded.error()));
  const Reprice reprice = [&view](const ledger::UsageRecord& record, std::string_view provider,
                                  std::string_view model) -> std::optional<pricing::Cost> {
    const auto found = find_price(*view, provider, model, record.timestamp);
    if (!found.priced()) return std::nullopt;
    return pricing::cost_of(record.usage, found, pricing::ServiceTier::standard);
  };
  Simulation simulation(*policies, reprice, wish.start);
  for (auto record = recorded->records.rbegin(); record != recorded->records.rend(); ++record) {
    simulation.play(*record);
  }
  return result_json(simulation, wish, *recorded);
}

// Each reads up to records_max records and takes one of the few threads that may
// block: one at a time leaves the others to everybody else.
std::atomic<bool> simulating{false};

}  // namespace

Answer simulate_policies(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  Wish wish = read_wish(*input, *context.view->merged, context.now);
  if (const auto problem = input->problem()) co_return failure(*problem);

  if (simulating.exchange(true)) {
    ApiResponse busy =
        failure({ErrorCode::conflict, "Another simulation is running. Try again.", {}, 409});
    busy.headers.emplace_back("retry-after", "1");
    co_return busy;
  }
  auto work = [&usage = context.services.usage, view = context.view, wish = std::move(wish)] {
    const struct Done {
      ~Done() { simulating = false; }
    } done;
    return simulate(usage, view, wish);
  };
  auto result = co_await run_blocking(context.services.pool, std::move(work));
  if (!result) co_return failure(result.error());
  co_return success(std::move(*result));
}

}  // namespace budget::admin
