#include "admin/key_json.h"

#include <algorithm>
#include <array>

#include "admin/json_parts.h"

namespace budget::admin {
namespace {

constexpr std::array<std::string_view, 7> settable{"component", "context",  "task", "task_type",
                                                   "user",      "priority", "tags"};

std::string_view state_of(const StoredKey& key, policy::Time now) {
  if (key.revoked_at) return "revoked";
  if (key.grant.expires_at && *key.grant.expires_at <= now) return "expired";
  return "active";
}

}  // namespace

json::object to_json(const KeyGrant& grant) {
  return {{"name", grant.name},
          {"component", grant.component},
          {"user", grant.user},
          {"tags", to_json(grant.tags)},
          {"providers", to_json(grant.providers)},
          {"models", to_json(grant.models)},
          {"may_set", to_json(grant.may_set)},
          {"expires_at", to_json(grant.expires_at)}};
}

json::object to_json(const StoredKey& key, policy::Time now) {
  json::object object{{"id", key.grant.id}, {"state", state_of(key, now)}};
  for (const auto& [name, value] : to_json(key.grant)) object[name] = value;
  object["created_by"] = key.created_by;
  object["created_at"] = policy::rfc3339(key.created_at);
  object["rotated_at"] = to_json(key.rotated_at);
  object["revoked_at"] = to_json(key.revoked_at);
  return object;
}

KeyGrant read_grant(Input& input) {
  KeyGrant grant;
  grant.name = input.text("name");
  grant.component = input.text("component");
  grant.user = input.text("user");
  grant.tags = input.labels("tags");
  grant.providers = input.texts("providers").value_or(grant.providers);
  grant.models = input.texts("models").value_or(grant.models);
  grant.may_set = input.texts("may_set").value_or(grant.may_set);
  grant.expires_at = input.time("expires_at");
  for (const std::string& label : grant.may_set) {
    if (std::find(settable.begin(), settable.end(), label) != settable.end()) continue;
    input.complain("may_set", "names no label '" + label +
                                  "'; there are component, context, task, task_type, user, "
                                  "priority and tags");
  }
  return grant;
}

}  // namespace budget::admin
