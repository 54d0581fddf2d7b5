// What recorded usage would have cost at another price. Pure; integers.
#pragma once

#include "admin/view.h"
#include "policy/ledger/usage_store.h"
#include "pricing/cost.h"

namespace budget::admin {

// The sum of many calls at the standard rates of `found`: sums do not tell
// which calls were long or in another service tier. Cache writes count as the
// five-minute ones, for sums do not tell them apart either.
// REQUIRES: found.priced().
[[nodiscard]] pricing::Money cost_at(const ledger::UsageSum& sum, const pricing::FoundPrice& found);

// What the tokens that were read from caches would have cost more as fresh
// input. Never negative.
[[nodiscard]] pricing::Money saved_by_cache(const ledger::UsageSum& sum,
                                            const pricing::FoundPrice& found);

// The rates that `found` charges, fall-backs written out.
[[nodiscard]] pricing::Rates rates_of(const pricing::FoundPrice& found);

}  // namespace budget::admin
