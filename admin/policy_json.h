// Budgets and policies in JSON, under the names of the configuration.
#pragma once

#include <string>
#include <string_view>

#include "admin/answer.h"
#include "admin/merged_policies.h"
#include "policy/policy.h"

namespace budget::admin {

[[nodiscard]] std::string_view name_of(policy::PolicyType type);
[[nodiscard]] std::string_view name_of(policy::Period::Kind kind);

[[nodiscard]] bool is_active(const policy::Budget& budget);  // a policy of it is enabled
// As defined, overrides apart. `merged` has them in `defined`.
[[nodiscard]] json::object to_json(const policy::Budget& budget);
[[nodiscard]] json::object to_json(const policy::Policy& policy, const policy::Budget& budget,
                                   const MergedPolicies& merged);
[[nodiscard]] json::object to_json(const PolicyOverride& item);

// The item as the API tells of it, and the ETag it is read with; nullopt where
// there is none of that id, in force or stored and skipped.
struct TaggedItem {
  json::object item;
  std::string etag;
};
[[nodiscard]] std::optional<TaggedItem> budget_item(const MergedPolicies& merged,
                                                    std::string_view id);
[[nodiscard]] std::optional<TaggedItem> policy_item(const MergedPolicies& merged,
                                                    std::string_view id);

}  // namespace budget::admin
