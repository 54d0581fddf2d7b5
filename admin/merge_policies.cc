// RuntimePolicies::merge(): what is stored beside the file as it is now. What
// cannot be enforced is left out whole and named, never bent to fit.
#include <algorithm>
#include <utility>

#include "admin/policy_input.h"
#include "admin/runtime_policies.h"
#include "policy/validate.h"

namespace budget::admin {
namespace {

std::string message_of(const std::vector<DefinitionProblem>& problems) {
  std::string message;
  for (const DefinitionProblem& problem : problems) {
    if (!message.empty()) message += "; ";
    if (!problem.field.empty()) message += problem.field + ": ";
    message += problem.message;
  }
  return message;
}

std::string name_in(const json::object& definition) {
  const auto* name = definition.if_contains("name");
  return name && name->is_string() ? std::string(std::string_view(name->get_string())) : "";
}

policy::Budget* budget_named(policy::PolicyConfig& config, std::string_view name) {
  const auto found = std::ranges::find(config.budgets, name, &policy::Budget::name);
  return found == config.budgets.end() ? nullptr : &*found;
}

class Merge {
 public:
  explicit Merge(MergedPolicies& into) : into_(into) {}

  void add(const std::string& name, const BudgetDocument& document);

 private:
  void skip_budget(const std::string& name, const BudgetDocument& document, std::string why);
  void skip_policy(const std::string& budget, const json::object& definition, std::string why);
  void add_policies(policy::Budget& budget, const BudgetDocument& document);
  // One budget alone, checked as the file's are and by the engine's own net.
  CheckedBudget check(const json::object& definition) const;

  MergedPolicies& into_;
};

CheckedBudget Merge::check(const json::object& definition) const {
  CheckedBudget checked = check_budget(definition, into_.file.tiers, into_.context);
  if (!checked.problems.empty()) return checked;
  if (auto problem = policy::problem_in({{checked.budget}, {}})) {
    checked.problems.push_back({"", std::move(*problem)});
  }
  return checked;
}

void Merge::skip_policy(const std::string& budget, const json::object& definition,
                        std::string why) {
  const std::string id = budget + "/" + name_in(definition);
  json::object item{{"id", id}, {"budget_id", budget}};
  for (const auto& [name, value] : definition) item[name] = value;
  item["source"] = "api";
  item["in_force"] = false;
  item["problem"] = why;
  into_.skipped_policies.push_back({id, std::move(why), std::move(item)});
}

void Merge::skip_budget(const std::string& name, const BudgetDocument& document, std::string why) {
  json::array policies;
  for (const json::object& each : document.policies) {
    skip_policy(name, each, "its budget is not in force: " + why);
    policies.push_back(json::value(name + "/" + name_in(each)));
  }
  json::object item{{"id", name},
                    {"name", name},
                    {"owner", document.owner},
                    {"description", document.description},
                    {"timezone", document.timezone.empty() ? "UTC" : document.timezone},
                    {"is_active", false},
                    {"policies", std::move(policies)},
                    {"source", "api"},
                    {"in_force", false},
                    {"problem", why}};
  into_.skipped_budgets.push_back({name, std::move(why), std::move(item)});
}

void Merge::add_policies(policy::Budget& budget, const BudgetDocument& document) {
  for (const json::object& each : document.policies) {
    const std::string name = name_in(each);
    if (std::ranges::find(budget.policies, name, &policy::Policy::name) != budget.policies.end()) {
      skip_policy(budget.name, each, "the configuration file defines a policy of that name");
      continue;
    }
    CheckedBudget checked = check({{"name", budget.name}, {"policies", json::array{each}}});
    if (checked.problems.empty() && checked.budget.policies.size() == 1) {
      budget.policies.push_back(std::move(checked.budget.policies.front()));
    } else {
      skip_policy(budget.name, each, message_of(checked.problems));
    }
  }
}

void Merge::add(const std::string& name, const BudgetDocument& document) {
  if (document.defined) into_.etags[name] = etag_of(document.to_json());
  for (const json::object& each : document.policies) {
    into_.etags[name + "/" + name_in(each)] = etag_of(each);
  }
  policy::Budget* existing = budget_named(into_.defined, name);
  if (!document.defined) {
    if (existing) return add_policies(*existing, document);
    for (const json::object& each : document.policies) {
      skip_policy(name, each, "the configuration file no longer defines its budget");
    }
    return;
  }
  if (existing) {
    return skip_budget(name, document, "the configuration file defines a budget of that name");
  }
  BudgetDocument alone = document;
  alone.policies.clear();
  CheckedBudget checked = check(alone.definition(name));
  if (!checked.problems.empty()) {
    return skip_budget(name, document, message_of(checked.problems));
  }
  add_policies(into_.defined.budgets.emplace_back(std::move(checked.budget)), document);
}

void apply(const PolicyOverride& applied, policy::Limits& limits) {
  if (applied.cost_limit) limits.cost = applied.cost_limit;
  if (applied.token_limit) limits.tokens = applied.token_limit;
}

}  // namespace

std::shared_ptr<const MergedPolicies> RuntimePolicies::merge(policy::PolicyConfig file,
                                                             policy::PolicyContext context,
                                                             policy::Time now) const {
  auto merged = std::make_shared<MergedPolicies>();
  merged->defined = file;
  merged->file = std::move(file);
  merged->context = std::move(context);
  const auto stored = contents();
  Merge merge(*merged);
  for (const auto& [name, document] : stored->documents) merge.add(name, document);
  // The newest first: the first that is in force is the one that counts.
  for (const PolicyOverride& each : stored->all_overrides) {
    if (each.until > now) merged->overrides.emplace(each.policy_id, each);
  }
  merged->in_force = merged->defined;
  for (policy::Budget& budget : merged->in_force.budgets) {
    for (policy::Policy& policy : budget.policies) {
      const auto found = merged->overrides.find(policy.id);
      if (found != merged->overrides.end()) apply(found->second, policy.limits);
    }
  }
  return merged;
}

}  // namespace budget::admin
