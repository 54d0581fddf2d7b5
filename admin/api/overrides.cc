// A policy raised or stopped for a time.
#include <cstdint>
#include <utility>

#include "admin/api/handlers.h"
#include "admin/find.h"
#include "admin/policy_json.h"
#include "admin/secret.h"

namespace budget::admin {
namespace {

constexpr std::size_t reason_bytes_max = 1024;

json::object override_json(const PolicyOverride& item, const MergedPolicies& merged,
                           policy::Time now) {
  json::object object = to_json(item);
  const auto found = merged.overrides.find(item.policy_id);
  const bool counts = found != merged.overrides.end() && found->second.id == item.id;
  object["state"] = item.until <= now ? "ended" : counts ? "active" : "superseded";
  return object;
}

void tell(Context& context, const policy::Budget& budget, const std::string& id,
          std::string_view change) {
  context.services.events.publish(
      {Topic::updates,
       "budget_update",
       {{"budget_id", budget.name}, {"policy_id", id}, {"change", change}},
       context.now});
}

PolicyOverride read_override(Input& input, const policy::Policy& policy, policy::Time now) {
  PolicyOverride sent;
  sent.id = "ov_" + random_hex(8);
  sent.policy_id = policy.id;
  sent.created_at = now;
  sent.cost_limit = input.usd("cost_limit");
  if (const auto tokens = input.integer("token_limit", 0, INT64_MAX)) {
    sent.token_limit = pricing::Tokens(*tokens);
  }
  const auto until = input.time("until");
  if (!until && !input.has("until")) input.complain("until", "is required");
  if (until && *until <= now) input.complain("until", "is in the past");
  sent.until = until.value_or(now);
  sent.reason = input.required_text("reason", reason_bytes_max);
  if (!input.has("cost_limit") && !input.has("token_limit")) {
    input.complain("cost_limit", "or token_limit is required; 0 stops the policy's calls");
  }
  if (policy.type == policy::PolicyType::ignore) {
    input.complain("policy", "is of the type ignore, which limits nothing");
  }
  return sent;
}

}  // namespace

Answer list_overrides(Context& context) {
  const std::string& id = context.param("id");
  if (!find_policy(*context.view, id).first) co_return failure(not_found("policy", id));
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);
  const auto all = context.services.policies.overrides_of(id);
  json::array items;
  for (const PolicyOverride& each : part_of(all, page)) {
    items.push_back(override_json(each, *context.view->merged, context.now));
  }
  co_return listing(std::move(items), static_cast<std::int64_t>(all.size()), page);
}

Answer create_override(Context& context) {
  const std::string& id = context.param("id");
  const auto [policy, budget] = find_policy(*context.view, id);
  if (!policy) co_return failure(not_found("policy", id));
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  PolicyOverride made = read_override(*input, *policy, context.now);
  if (const auto problem = input->problem()) co_return failure(*problem);
  made.created_by = context.principal.name;

  auto add = [&policies = context.services.policies, made] { return policies.add(made); };
  const auto failed = co_await run_blocking(context.services.pool, std::move(add));
  if (failed) co_return failure(*failed);
  tell(context, *budget, id, "overridden");
  co_return success(override_json(made, *context.services.view()->merged, context.now), 201);
}

Answer delete_overrides(Context& context) {
  const std::string& id = context.param("id");
  const auto [policy, budget] = find_policy(*context.view, id);
  if (!policy) co_return failure(not_found("policy", id));
  auto remove = [&policies = context.services.policies, id] {
    return policies.remove_overrides(id);
  };
  const auto removed = co_await run_blocking(context.services.pool, std::move(remove));
  if (!removed) co_return failure(removed.error());
  tell(context, *budget, id, "override_ended");
  co_return success(
      json::object{{"policy_id", id}, {"deleted", static_cast<std::int64_t>(*removed)}});
}

}  // namespace budget::admin
