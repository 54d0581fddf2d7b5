#include "admin/policy_json.h"

#include <algorithm>
#include <array>

#include "admin/json_parts.h"
#include "admin/runtime_policies.h"

namespace budget::admin {
namespace {

using policy::Action;
using policy::Partition;
using policy::Period;

constexpr std::array<std::string_view, 4> type_names{"ignore", "warn", "soft_limit", "hard_limit"};
constexpr std::array<std::string_view, 10> period_names{
    "minute", "hourly", "daily",       "weekly",   "monthly",
    "yearly", "total",  "per_session", "per_task", "rolling"};
constexpr std::array<std::string_view, 11> partition_names{
    "component", "user",    "key",  "provider",  "model", "tier",
    "task_type", "context", "task", "operation", "tag"};
constexpr std::array<std::string_view, 7> day_names{"sunday",   "monday", "tuesday", "wednesday",
                                                    "thursday", "friday", "saturday"};

json::value reset_day_of(const Period& period) {
  if (period.kind == Period::Kind::weekly) {
    return json::value(day_names[period.reset_weekday.c_encoding()]);
  }
  if (period.kind != Period::Kind::monthly) return nullptr;
  if (period.reset_day == 0) return "last";
  return static_cast<std::int64_t>(period.reset_day);
}

json::object match_json(const policy::Match& match) {
  const std::pair<std::string_view, const std::vector<std::string>*> fields[] = {
      {"provider", &match.provider},
      {"model", &match.model},
      {"component", &match.component},
      {"tier", &match.tier},
      {"task_type", &match.task_type},
      {"user", &match.user},
      {"key", &match.key},
      {"operation", &match.operation}};
  json::object object;
  for (const auto& [name, patterns] : fields) {
    if (!patterns->empty()) object[name] = to_json(*patterns);
  }
  json::object tags;
  for (const auto& [name, patterns] : match.tags) tags[name] = to_json(patterns);
  if (!tags.empty()) object["tags"] = std::move(tags);
  return object;
}

json::array partitions_json(const std::vector<Partition>& partitions) {
  json::array list;
  for (const Partition& partition : partitions) {
    std::string name(partition_names[static_cast<std::size_t>(partition.kind)]);
    if (partition.kind == Partition::Kind::tag) name += "." + partition.tag;
    list.push_back(json::value(name));
  }
  return list;
}

json::value action_json(const Action& action) {
  switch (action.kind) {
    case Action::Kind::clamp:
      return "clamp";
    case Action::Kind::downgrade:
      return json::object{{"downgrade", to_json(action.models)}};
    case Action::Kind::queue:
      return json::object{{"queue_ms", action.wait.count()}};
  }
  return nullptr;
}

double share_of(std::int64_t ppm) {
  return static_cast<double>(ppm) / 1e6;
}

template <class T>
json::value number_or_null(const std::optional<T>& value) {
  if (!value) return nullptr;
  if constexpr (requires { value->value(); }) {
    return value->value();
  } else {
    return static_cast<std::int64_t>(*value);
  }
}

void put_limits(json::object& object, const policy::Limits& limits) {
  put_money(object, "cost_limit", limits.cost);
  object["token_limit"] = number_or_null(limits.tokens);
  object["input_token_limit"] = number_or_null(limits.input_tokens);
  object["output_token_limit"] = number_or_null(limits.output_tokens);
  object["request_limit"] = number_or_null(limits.requests);
  object["concurrent_limit"] = number_or_null(limits.concurrent);
}

void put_behaviour(json::object& object, const policy::Policy& policy) {
  object["warning_threshold"] = share_of(policy.warning_threshold_ppm);
  object["action_threshold"] = share_of(policy.action_threshold_ppm);
  json::array actions;
  for (const Action& action : policy.when_exceeded) actions.push_back(action_json(action));
  object["when_exceeded"] = std::move(actions);
  object["clamp_min_tokens"] = policy.clamp_min.value();
  object["reserve"] = policy.reserve == policy::Reserve::worst_case ? "worst_case" : "incremental";
  object["stream_overrun"] = policy.stream_overrun == policy::StreamOverrun::cut ? "cut" : "finish";
  object["on_client_abort"] =
      policy.on_client_abort == policy::OnClientAbort::cancel ? "cancel" : "drain";
  object["on_store_failure"] =
      policy.on_store_failure == policy::OnStoreFailure::deny ? "deny" : "allow";
  object["shadow"] = policy.shadow;
  object["deny_status"] = policy.deny_status;
  object["priority_bypass"] = number_or_null(policy.priority_bypass);
  object["enabled"] = policy.enabled;
}

}  // namespace

std::string_view name_of(policy::PolicyType type) {
  return type_names[static_cast<std::size_t>(type)];
}

std::string_view name_of(Period::Kind kind) {
  return period_names[static_cast<std::size_t>(kind)];
}

bool is_active(const policy::Budget& budget) {
  return std::any_of(budget.policies.begin(), budget.policies.end(),
                     [](const policy::Policy& policy) { return policy.enabled; });
}

json::object to_json(const policy::Budget& budget) {
  json::array policies;
  for (const policy::Policy& policy : budget.policies) policies.push_back(json::value(policy.id));
  return {{"id", budget.name},
          {"name", budget.name},
          {"owner", budget.owner},
          {"description", budget.description},
          {"timezone", budget.timezone},
          {"is_active", is_active(budget)},
          {"policies", std::move(policies)},
          {"source", budget.source},
          {"in_force", true}};
}

json::object to_json(const PolicyOverride& item) {
  json::object object{{"id", item.id}, {"policy_id", item.policy_id}};
  put_money(object, "cost_limit", item.cost_limit);
  object["token_limit"] = number_or_null(item.token_limit);
  object["until"] = policy::rfc3339(item.until);
  object["reason"] = item.reason;
  object["created_by"] = item.created_by;
  object["created_at"] = policy::rfc3339(item.created_at);
  return object;
}

json::object to_json(const policy::Policy& policy, const policy::Budget& budget,
                     const MergedPolicies& merged) {
  json::object object{{"id", policy.id},
                      {"budget_id", budget.name},
                      {"name", policy.name},
                      {"type", name_of(policy.type)},
                      {"period", name_of(policy.period.kind)},
                      {"reset_day", reset_day_of(policy.period)},
                      {"match", match_json(policy.match)},
                      {"per", partitions_json(policy.per)}};
  object["rolling_seconds"] = policy.period.kind == Period::Kind::rolling
                                  ? json::value(policy.period.rolling.count())
                                  : json::value(nullptr);
  put_limits(object, policy.limits);
  put_behaviour(object, policy);
  object["source"] = policy.source;
  object["in_force"] = true;
  const auto found = merged.overrides.find(policy.id);
  object["override"] =
      found == merged.overrides.end() ? json::value(nullptr) : to_json(found->second);
  return object;
}

namespace {

// What the file defines is told apart by what is shown of it.
TaggedItem tagged(const MergedPolicies& merged, std::string_view id, std::string_view source,
                  json::object item) {
  const auto found = merged.etags.find(id);
  std::string etag = source == "api" && found != merged.etags.end() ? found->second : etag_of(item);
  return {std::move(item), std::move(etag)};
}

std::optional<TaggedItem> skipped(const MergedPolicies& merged,
                                  const std::vector<SkippedPolicy>& all, std::string_view id) {
  for (const SkippedPolicy& each : all) {
    if (each.id == id) return tagged(merged, id, "api", each.item);
  }
  return std::nullopt;
}

}  // namespace

std::optional<TaggedItem> budget_item(const MergedPolicies& merged, std::string_view id) {
  for (const policy::Budget& budget : merged.defined.budgets) {
    if (budget.name == id) return tagged(merged, id, budget.source, to_json(budget));
  }
  return skipped(merged, merged.skipped_budgets, id);
}

std::optional<TaggedItem> policy_item(const MergedPolicies& merged, std::string_view id) {
  for (const policy::Budget& budget : merged.defined.budgets) {
    for (const policy::Policy& policy : budget.policies) {
      if (policy.id != id) continue;
      json::object item = to_json(policy, budget, merged);
      // An override that comes or goes is no change of the policy.
      json::object lasting = item;
      lasting.erase("override");
      TaggedItem made = tagged(merged, id, policy.source, std::move(lasting));
      made.item = std::move(item);
      return made;
    }
  }
  return skipped(merged, merged.skipped_policies, id);
}

}  // namespace budget::admin
