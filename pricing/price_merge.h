// What several sources say, made into one price a model.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pricing/catalog_json.h"

namespace budget::pricing {

// A source as it was last read, see read_price_list().
struct Listing {
  std::string source;
  std::int64_t trust_ppm = 0;
  const PriceFile* file = nullptr;
};

struct PriceChange {
  std::string provider, model;
  std::optional<Price> before;  // nullopt: there was no price
  std::optional<Price> after;   // nullopt: there is none any more
  // How much dearer (or, negative, cheaper) tokens are, in parts per million
  // of what they were: of input and output what changed more. 0 where tokens
  // cost the same or had no price.
  std::int64_t change_ppm = 0;
};

struct PriceConflict {
  struct Side {
    std::string source;
    Rates rates;
  };
  std::string provider, model;
  std::vector<Side> sides;  // the most trusted first
  // Only one source says so, and it is more than ten times or less than a tenth
  // of what is known: taken for a mistake in its units. The old price stays.
  bool implausible = false;
};

struct MergeRequest {
  const PriceFile& shipped;           // the built-in catalog
  const PriceFile& own;               // rows of earlier merges
  std::span<const Listing> listings;  // the most trusted first
  const PriceFile& overrides;         // what operators stated, one row a model
  std::chrono::sys_seconds now;
  std::int64_t tolerance_ppm = 0;
};

struct MergeOutcome {
  // `own` with a row, in force from `now` on, for every change.
  PriceFile own;
  std::vector<PriceChange> changes;
  std::vector<PriceConflict> conflicts;
  std::int64_t compared = 0;  // models that were looked at
  bool own_changed = false;   // also where only `verified` did
};

// For every model that a source lists or an operator has stated a price for:
//
// - An operator's price is taken as it is. One that was taken back is followed
//   by what the sources say, else by the shipped price, else by none.
// - Of sources that agree within the tolerance in all rates that both state,
//   the most trusted one's price is taken and is `verified`; the shipped
//   catalog counts as another that may agree, not as one that may disagree,
//   for it is older. Where they disagree, the most trusted one's is taken,
//   unverified, and the conflict is told.
// - What the source does not state (rates, tiers, limits) stays as it was. A
//   row is added only where what a call would pay differs.
// - A model that no source lists any more keeps its price.
//
// Pure. Cost: linear in all files, with hashing.
[[nodiscard]] MergeOutcome merge_prices(const MergeRequest& request);

// The change in parts per million of the dearer change of input and output.
[[nodiscard]] std::int64_t change_ppm(const Rates& before, const Rates& after);

// Rates with every fall-back of price.h written out, so that two that charge
// the same are equal.
[[nodiscard]] Rates resolved(const Rates& rates);

// A model keeps its latest so many rows of its own.
inline constexpr std::size_t own_rows_max = 50;

}  // namespace budget::pricing
