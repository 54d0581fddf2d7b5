// What the recorded figures say, as the API and the assistant tell it. Every
// figure comes from the store, the ledger or the catalog.
#pragma once

#include <expected>

#include "admin/context.h"
#include "admin/usage_sums.h"

namespace budget::admin {

struct AnalysisRequest {
  ledger::UsageFilter filter;  // its times are filled in: the last 30 days
  Grouping by;                 // what the top is told of
  std::int64_t top = 5;        // groups of each
};

// Fills in a period that was not said.
void fill_period(ledger::UsageFilter& filter, policy::Time now);

// Totals and the period before's, the dearest of each dimension, what caches
// saved, a forecast, and every budget against what is spent of it. Blocks
// nobody's thread: the store is asked on the pool.
Awaitable<std::expected<json::object, Failure>> analyse_usage(Context& context,
                                                              AnalysisRequest request);

// How the period's usage could have cost less; at most `limit` items.
Awaitable<std::expected<json::object, Failure>> recommend_savings(Context& context,
                                                                  ledger::UsageFilter filter,
                                                                  std::int64_t limit);

// Every budget's lines, as GET /api/budgets/{id}/summary tells them; at most
// 200.
Awaitable<std::expected<json::array, Failure>> budget_lines(Context& context);

}  // namespace budget::admin
