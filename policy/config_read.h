// Between the files that read budgets; not for others.
#pragma once

#include "policy/config.h"

namespace budget::policy {

// Reads one policy of `budget`, whose `id` and earlier policies are set.
[[nodiscard]] Policy read_policy(const Section& section, const PolicyContext& context,
                                 const std::vector<Tier>& tiers);

// Reports what the policy says against itself or against the rest.
void check_policy(const Section& section, const Policy& policy, const PolicyContext& context);

// Reports names among `patterns` that match none of `known`.
void check_patterns(const Section& match, std::string_view name, std::string_view noun,
                    const std::vector<std::string>& known);

}  // namespace budget::policy
