// Finding things of the running configuration by name.
#pragma once

#include <string_view>
#include <utility>

#include "admin/view.h"

namespace budget::admin {

// All point into `view`; nullptr: there is none.
[[nodiscard]] const policy::Budget* find_budget(const View& view, std::string_view name);
[[nodiscard]] std::pair<const policy::Policy*, const policy::Budget*> find_policy(
    const View& view, std::string_view id);

// What prices need of a provider: the configured one's, or for a name that is
// not configured (calls made elsewhere) what the catalog makes of the name.
[[nodiscard]] pricing::PricedProvider priced_provider(const View& view, std::string_view name);

// The price of a model in force at `at`, by the operator's rules.
[[nodiscard]] pricing::FoundPrice find_price(const View& view, std::string_view provider,
                                             std::string_view model, policy::Time at);

}  // namespace budget::admin
