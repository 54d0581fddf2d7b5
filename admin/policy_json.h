// Budgets and policies in JSON, under the names of the configuration.
#pragma once

#include <string>
#include <string_view>

#include "admin/answer.h"
#include "policy/policy.h"

namespace budget::admin {

[[nodiscard]] std::string_view name_of(policy::PolicyType type);
[[nodiscard]] std::string_view name_of(policy::Period::Kind kind);

[[nodiscard]] bool is_active(const policy::Budget& budget);  // a policy of it is enabled
[[nodiscard]] json::object to_json(const policy::Budget& budget);
[[nodiscard]] json::object to_json(const policy::Policy& policy, const policy::Budget& budget);

}  // namespace budget::admin
