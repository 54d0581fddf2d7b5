// Budgets and tiers from a configuration file.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"
#include "policy/yaml/key.h"
#include "policy/yaml/section.h"

namespace budget::policy {

// A configured provider, as far as policies have to do with it.
struct ProviderFacts {
  std::string name;
  std::vector<std::string> formats;  // the wire formats that it answers
};

// What a policy may refer to, and what it inherits.
struct PolicyContext {
  std::vector<ProviderFacts> providers;
  std::vector<std::string> operations;                     // that a call can be
  OnStoreFailure on_store_failure = OnStoreFailure::deny;  // the store's
};

// The table's keys below `tiers` and `budgets`.
[[nodiscard]] std::vector<ConfigKey> policy_config_keys();

// Reads `tiers` and `budgets` of the document `root`. What is wrong is
// reported to the section's reader; the result is then of no use.
[[nodiscard]] PolicyConfig read_policy_config(const Section& root, const PolicyContext& context);

// Whether `name` may name a provider, a budget, a policy or a tier: at most 64
// of A-Z a-z 0-9 . _ - and a letter or digit first. Such names stand in paths,
// headers and counter keys.
[[nodiscard]] bool is_config_name(std::string_view name);
// What to write instead: "daily-cap" for "Daily cap!".
[[nodiscard]] std::string config_name_for(std::string_view text);

}  // namespace budget::policy
