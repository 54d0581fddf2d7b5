// Budgets made, changed and removed through the API.
#include <algorithm>
#include <utility>

#include "admin/api/handlers.h"
#include "admin/policy_input.h"
#include "admin/policy_json.h"
#include "admin/precondition.h"

namespace budget::admin {
namespace {

constexpr std::size_t description_bytes_max = 4096;
constexpr std::string_view told_budget_keys[] = {"id", "is_active", "source", "in_force",
                                                 "problem"};

struct SentBudget {
  std::string name;
  BudgetDocument document;
  bool states_policies = false;  // else those that it has stay
};

// A budget that was read has its policies as ids, which say nothing new.
bool only_ids(const json::value& policies) {
  return policies.is_array() &&
         std::all_of(policies.get_array().begin(), policies.get_array().end(),
                     [](const json::value& each) { return each.is_string(); });
}

void read_policies(Input& input, SentBudget& sent) {
  const json::value* policies = input.any("policies");
  if (!policies || (only_ids(*policies) && !policies->get_array().empty())) return;
  sent.states_policies = true;
  if (!policies->is_array()) return input.complain("policies", "must be a list of policies");
  for (std::size_t i = 0; i < policies->get_array().size(); ++i) {
    const json::value& each = policies->get_array()[i];
    if (each.is_object()) {
      sent.document.policies.push_back(policy_definition(each.get_object()));
    } else {
      input.complain("policies." + std::to_string(i), "must be a policy, an object");
    }
  }
}

// Checked as the configuration's reader checks a budget of the file. `name`: the
// budget's, or "" for one to be made.
SentBudget read_budget(Input& input, std::string name, const MergedPolicies& merged) {
  input.ignore(told_budget_keys);
  SentBudget sent;
  sent.name = name.empty() ? input.required_text("name") : input.text("name");
  if (!name.empty() && !sent.name.empty() && sent.name != name) {
    input.complain("name", "cannot be changed: counters and records are kept under it");
  }
  if (!name.empty()) sent.name = std::move(name);
  sent.document.owner = input.text("owner");
  sent.document.description = input.text("description", description_bytes_max);
  sent.document.timezone = input.text("timezone");
  read_policies(input, sent);
  if (input.problem()) return sent;
  const json::object definition = sent.document.definition(sent.name);
  for (const auto& [field, message] :
       check_budget(definition, merged.file.tiers, merged.context).problems) {
    input.complain(field, message);
  }
  return sent;
}

bool in_file(const MergedPolicies& merged, std::string_view name) {
  return std::ranges::any_of(merged.file.budgets,
                             [name](const policy::Budget& budget) { return budget.name == name; });
}

Failure of_file(const View& view, const std::string& name) {
  return {ErrorCode::conflict,
          "The budget '" + name + "' is defined in the configuration file " + view.config_file +
              "; change it there.",
          {{"source", "file"}},
          0};
}

ApiResponse budget_answer(Context& context, const std::string& name, int status) {
  const auto view = context.services.view();
  auto item = budget_item(*view->merged, name);
  if (!item) return failure(not_found("budget", name));  // removed again meanwhile
  return tagged_success(std::move(item->item), item->etag, status);
}

void tell(Context& context, const std::string& name, std::string_view change) {
  context.services.events.publish(
      {Topic::updates, "budget_update", {{"budget_id", name}, {"change", change}}, context.now});
}

std::optional<Failure> taken(const View& view, const std::string& name,
                             const std::optional<BudgetDocument>& current) {
  if (!in_file(*view.merged, name) && !(current && current->defined)) return std::nullopt;
  return Failure{ErrorCode::resource_exists, "There is a budget '" + name + "' already.", {}, 0};
}

}  // namespace

Answer create_budget(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  const SentBudget sent = read_budget(*input, "", *context.view->merged);
  if (const auto problem = input->problem()) co_return failure(*problem);

  auto make = [&policies = context.services.policies, view = context.view, sent] {
    return policies.edit(sent.name, [&](std::optional<BudgetDocument>& current) {
      auto failed = taken(*view, sent.name, current);
      if (failed) return failed;
      BudgetDocument made = sent.document;
      // Left over from a budget of that name that the file no longer has.
      if (current) {
        for (const json::object& each : current->policies) {
          const auto* name = each.if_contains("name");
          if (name && name->is_string() && !made.policy(std::string_view(name->get_string()))) {
            made.policies.push_back(each);
          }
        }
      }
      current = std::move(made);
      return failed;
    });
  };
  const auto failed = co_await run_blocking(context.services.pool, std::move(make));
  if (failed) co_return failure(*failed);
  tell(context, sent.name, "created");
  co_return budget_answer(context, sent.name, 201);
}

Answer put_budget(Context& context) {
  const std::string name = context.param("id");
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  const SentBudget sent = read_budget(*input, name, *context.view->merged);
  if (const auto problem = input->problem()) co_return failure(*problem);

  auto change = [&policies = context.services.policies, view = context.view, sent,
                 if_match = std::string(context.header("if-match"))] {
    return policies.edit(sent.name,
                         [&](std::optional<BudgetDocument>& current) -> std::optional<Failure> {
                           if (in_file(*view->merged, sent.name)) return of_file(*view, sent.name);
                           if (!current || !current->defined) return not_found("budget", sent.name);
                           if (auto failed = precondition(if_match, etag_of(current->to_json())))
                             return failed;
                           BudgetDocument next = sent.document;
                           if (!sent.states_policies) next.policies = std::move(current->policies);
                           current = std::move(next);
                           return std::nullopt;
                         });
  };
  const auto failed = co_await run_blocking(context.services.pool, std::move(change));
  if (failed) co_return failure(*failed);
  tell(context, name, "changed");
  co_return budget_answer(context, name, 200);
}

// What was counted and recorded stays.
Answer delete_budget(Context& context) {
  const std::string name = context.param("id");
  auto remove = [&policies = context.services.policies, view = context.view, name,
                 if_match = std::string(context.header("if-match"))]() -> std::optional<Failure> {
    std::vector<std::string> ids;
    auto failed =
        policies.edit(name, [&](std::optional<BudgetDocument>& current) -> std::optional<Failure> {
          if (!current || !current->defined) {
            return in_file(*view->merged, name) ? of_file(*view, name) : not_found("budget", name);
          }
          if (auto mismatch = precondition(if_match, etag_of(current->to_json()))) return mismatch;
          ids.clear();
          for (const json::object& each : current->policies) {
            const auto* policy = each.if_contains("name");
            if (policy && policy->is_string()) {
              ids.push_back(name + "/" + std::string(std::string_view(policy->get_string())));
            }
          }
          current.reset();
          return std::nullopt;
        });
    for (const std::string& id : ids) {
      if (failed) break;
      if (const auto removed = policies.remove_overrides(id); !removed) failed = removed.error();
    }
    return failed;
  };
  const auto failed = co_await run_blocking(context.services.pool, std::move(remove));
  if (failed) co_return failure(*failed);
  tell(context, name, "deleted");
  co_return success(json::object{{"id", name}, {"deleted", true}});
}

}  // namespace budget::admin
