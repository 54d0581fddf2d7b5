// The file's budgets and policies together with those that the API made.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/clock.h"
#include "policy/config.h"
#include "policy/policy.h"

namespace budget::admin {

// A temporary raise or stop of one policy. The newest in force counts, alone;
// a limit it does not name stays as it is.
struct PolicyOverride {
  std::string id;
  std::string policy_id;
  std::optional<pricing::Money> cost_limit;
  std::optional<pricing::Tokens> token_limit;
  policy::Time until;  // no longer in force from then on
  std::string reason;
  std::string created_by;
  policy::Time created_at;
};

// What is stored and cannot be enforced beside the file as it is.
struct SkippedPolicy {
  std::string id;  // "budget", or "budget/policy"
  std::string why;
  boost::json::object item;  // as the API tells of it
};

struct MergedPolicies {
  policy::PolicyConfig file;
  policy::PolicyContext context;
  policy::PolicyConfig defined;   // the file's and the API's
  policy::PolicyConfig in_force;  // the same, with the overrides of that moment
  std::vector<SkippedPolicy> skipped_budgets;
  std::vector<SkippedPolicy> skipped_policies;
  std::map<std::string, PolicyOverride, std::less<>> overrides;  // in force, by policy
  // Of what the API made, by its id.
  std::map<std::string, std::string, std::less<>> etags;
};

}  // namespace budget::admin
