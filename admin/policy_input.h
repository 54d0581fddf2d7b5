// Budgets and policies as the API takes them: JSON with the configuration's
// keys, checked by the configuration's own reader, so that the two agree.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/input.h"
#include "policy/config.h"

namespace budget::admin {

struct DefinitionProblem {
  std::string field;  // "policies.0.match.tier"; "" for the whole
  std::string message;
};

struct CheckedBudget {
  policy::Budget budget;  // source: api; of no use when there are problems
  std::vector<DefinitionProblem> problems;
};

// `definition` is {name, owner, description, timezone, policies: [{…}]}, with
// the keys and meanings of a configuration file. No variable of the environment
// is put in, no file is read. Pure, apart from the tz database.
[[nodiscard]] CheckedBudget check_budget(const json::object& definition,
                                         const std::vector<policy::Tier>& tiers,
                                         const policy::PolicyContext& context);

// The keys that a policy is defined by, "type" to "enabled"; `name` is not one.
[[nodiscard]] std::span<const std::string_view> policy_keys();
// What the API tells of a policy beside its definition, and takes back without
// a word, so that what was read can be changed and sent.
[[nodiscard]] std::span<const std::string_view> told_policy_keys();

// A policy as it was sent, with the configuration's keys alone: what is null or
// only told is left out, and what the API tells in another form is put back.
[[nodiscard]] json::object policy_definition(const json::object& sent);

}  // namespace budget::admin
