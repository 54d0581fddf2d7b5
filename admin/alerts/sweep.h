// What no single call shows: looked for now and again.
#pragma once

#include <vector>

#include "admin/alerts/alert.h"
#include "admin/service.h"
#include "admin/view.h"
#include "policy/ledger/ledger.h"
#include "policy/ledger/usage_store.h"

namespace budget::admin {

// The figures that it looks at; all outlive it.
struct SweepParts {
  const policy::Clock& clock;
  ledger::Ledger& ledger;
  ledger::UsageStore& usage;
  ViewSource view;
  CounterSource counters;
};

// The alerts that are due by the counters as they stand: thresholds that were
// passed by a settlement that nobody saw (an interrupted call, a correction,
// another replica), and forecasts. Empty while the store is away. Blocks.
[[nodiscard]] std::vector<Alert> sweep_counters(const SweepParts& parts,
                                                const std::vector<std::int64_t>& thresholds_ppm);

// Components that have spent far more this hour than in the hours of the week
// before. Blocks, for as long as the sum of a week by hour takes.
[[nodiscard]] std::vector<Alert> sweep_usage(const SweepParts& parts);

// Whether `current` is far above the `hours` amounts before it, of which those
// that are not in `past` are zero: more than four deviations over their mean,
// twice the mean and ten cents. Integers; in nano-USD. Pure.
struct Usual {
  std::int64_t mean = 0;
  std::int64_t deviation = 0;
  bool far_above = false;
};
[[nodiscard]] Usual compared_to_usual(const std::vector<std::int64_t>& past, std::int64_t hours,
                                      std::int64_t current);

}  // namespace budget::admin
