// Policies made, changed and removed through the API, in budgets of the API's
// or of the file.
#include <algorithm>
#include <utility>

#include "admin/api/handlers.h"
#include "admin/policy_input.h"
#include "admin/policy_json.h"
#include "admin/precondition.h"

namespace budget::admin {
namespace {

// "budget/policy": names hold no slash.
std::pair<std::string, std::string> parts_of(const std::string& id) {
  const std::size_t slash = std::min(id.find('/'), id.size());
  return {id.substr(0, slash), id.substr(std::min(slash + 1, id.size()))};
}

const policy::Budget* file_budget(const MergedPolicies& merged, std::string_view name) {
  const auto found = std::ranges::find(merged.file.budgets, name, &policy::Budget::name);
  return found == merged.file.budgets.end() ? nullptr : &*found;
}

bool in_file(const MergedPolicies& merged, std::string_view budget, std::string_view policy) {
  const policy::Budget* found = file_budget(merged, budget);
  return found &&
         std::ranges::find(found->policies, policy, &policy::Policy::name) != found->policies.end();
}

Failure of_file(const View& view, const std::string& id) {
  return {ErrorCode::conflict,
          "The policy '" + id + "' is defined in the configuration file " + view.config_file +
              "; change it there, or override it for a time.",
          {{"source", "file"}},
          0};
}

// The definition as it will be stored, checked as the file's policies are.
// `name`: of the policy to be changed, or "" for one to be made.
json::object read_policy(Input& input, const std::string& name, const MergedPolicies& merged) {
  json::object sent;
  const std::string sent_name = name.empty() ? input.required_text("name") : input.text("name");
  if (!name.empty() && !sent_name.empty() && sent_name != name) {
    input.complain("name", "cannot be changed: counters and records are kept under it");
  }
  if (const std::string& own = name.empty() ? sent_name : name; !own.empty()) sent["name"] = own;
  // The one thing of those that are told and not read that says what another means.
  if (const json::value* seconds = input.any("rolling_seconds")) sent["rolling_seconds"] = *seconds;
  input.ignore(told_policy_keys());
  for (const std::string_view key : policy_keys()) {
    if (const json::value* value = input.any(key)) sent[key] = *value;
  }
  json::object definition = policy_definition(sent);
  if (input.problem()) return definition;
  constexpr std::string_view prefix = "policies.0";
  const json::object whole{{"name", "budget"}, {"policies", json::array{definition}}};
  for (const auto& [field, message] :
       check_budget(whole, merged.file.tiers, merged.context).problems) {
    std::string own = field;
    if (own.starts_with(prefix)) own.erase(0, std::min(own.size(), prefix.size() + 1));
    input.complain(own.empty() ? "policy" : own, message);
  }
  return definition;
}

ApiResponse policy_answer(Context& context, const std::string& id, int status) {
  const auto view = context.services.view();
  auto item = policy_item(*view->merged, id);
  if (!item) return failure(not_found("policy", id));  // removed again meanwhile
  return tagged_success(std::move(item->item), item->etag, status);
}

void tell(Context& context, const std::string& id, std::string_view change) {
  context.services.events.publish(
      {Topic::updates,
       "budget_update",
       {{"budget_id", parts_of(id).first}, {"policy_id", id}, {"change", change}},
       context.now});
}

Answer put(Context& context, std::string id) {
  const auto [budget, name] = parts_of(id);
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  json::object definition = read_policy(*input, name, *context.view->merged);
  if (const auto problem = input->problem()) co_return failure(*problem);

  auto change = [&policies = context.services.policies, view = context.view, id, budget, name,
                 definition = std::move(definition),
                 if_match = std::string(context.header("if-match"))] {
    return policies.edit(budget,
                         [&](std::optional<BudgetDocument>& current) -> std::optional<Failure> {
                           json::object* stored = current ? current->policy(name) : nullptr;
                           if (in_file(*view->merged, budget, name)) return of_file(*view, id);
                           if (!stored) return not_found("policy", id);
                           if (auto failed = precondition(if_match, etag_of(*stored)))
                             return failed;
                           *stored = definition;
                           return std::nullopt;
                         });
  };
  const auto failed = co_await run_blocking(context.services.pool, std::move(change));
  if (failed) co_return failure(*failed);
  tell(context, id, "changed");
  co_return policy_answer(context, id, 200);
}

// What was counted and recorded stays.
Answer remove(Context& context, std::string id) {
  const auto [budget, name] = parts_of(id);
  auto remove = [&policies = context.services.policies, view = context.view, id, budget, name,
                 if_match = std::string(context.header("if-match"))]() -> std::optional<Failure> {
    auto failed = policies.edit(
        budget, [&](std::optional<BudgetDocument>& current) -> std::optional<Failure> {
          json::object* stored = current ? current->policy(name) : nullptr;
          if (!stored) {
            return in_file(*view->merged, budget, name) ? of_file(*view, id)
                                                        : not_found("policy", id);
          }
          if (auto mismatch = precondition(if_match, etag_of(*stored))) return mismatch;
          current->policies.erase(current->policies.begin() + (stored - current->policies.data()));
          if (!current->defined && current->policies.empty()) current.reset();
          return std::nullopt;
        });
    if (failed) return failed;
    const auto removed = policies.remove_overrides(id);
    return removed ? std::nullopt : std::optional(removed.error());
  };
  const auto failed = co_await run_blocking(context.services.pool, std::move(remove));
  if (failed) co_return failure(*failed);
  tell(context, id, "deleted");
  co_return success(json::object{{"id", id}, {"deleted", true}});
}

}  // namespace

Answer create_policy(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  const std::string budget = input->required_text("budget_id");
  json::object definition = read_policy(*input, "", *context.view->merged);
  if (const auto problem = input->problem()) co_return failure(*problem);
  const std::string name(std::string_view(definition.at("name").as_string()));
  const std::string id = budget + "/" + name;

  auto make = [&policies = context.services.policies, view = context.view, id, budget, name,
               definition = std::move(definition)] {
    return policies.edit(
        budget, [&](std::optional<BudgetDocument>& current) -> std::optional<Failure> {
          const bool in_this_file = file_budget(*view->merged, budget) != nullptr;
          if (!in_this_file && !(current && current->defined)) return not_found("budget", budget);
          if (in_file(*view->merged, budget, name) || (current && current->policy(name))) {
            return Failure{
                ErrorCode::resource_exists, "There is a policy '" + id + "' already.", {}, 0};
          }
          if (!current) current.emplace().defined = false;
          current->policies.push_back(definition);
          return std::nullopt;
        });
  };
  const auto failed = co_await run_blocking(context.services.pool, std::move(make));
  if (failed) co_return failure(*failed);
  tell(context, id, "created");
  co_return policy_answer(context, id, 201);
}

Answer put_policy(Context& context) {
  return put(context, context.param("id"));
}

Answer put_policy_of_budget(Context& context) {
  return put(context, context.param("budget") + "/" + context.param("policy"));
}

Answer delete_policy(Context& context) {
  return remove(context, context.param("id"));
}

Answer delete_policy_of_budget(Context& context) {
  return remove(context, context.param("budget") + "/" + context.param("policy"));
}

}  // namespace budget::admin
