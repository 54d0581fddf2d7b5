// The six limits seen as a list, so that what holds for one is written once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "policy/counter.h"

namespace budget::policy {

inline constexpr std::array<Unit, 6> all_units = {Unit::cost,         Unit::tokens,
                                                  Unit::input_tokens, Unit::output_tokens,
                                                  Unit::requests,     Unit::concurrent};

// In nano-USD for cost, else in the unit itself. Sums saturate.
struct Figures {
  std::int64_t spent = 0;
  std::int64_t reserved = 0;
  std::int64_t requested = 0;

  [[nodiscard]] std::int64_t committed() const {
    return (Tokens(spent) + Tokens(reserved)).value();
  }
};
[[nodiscard]] Figures figures_of(Unit unit, const CounterState& state, const Amount& amount);

// nullopt: not limited.
[[nodiscard]] std::optional<std::int64_t> limit_of(const Limits& limits, Unit unit);

// Calls `each` with the unit and the figure of every limit that is set.
void for_each_limit(const Limits& limits, const auto& each) {
  if (limits.cost) each(Unit::cost, limits.cost->value());
  if (limits.tokens) each(Unit::tokens, limits.tokens->value());
  if (limits.input_tokens) each(Unit::input_tokens, limits.input_tokens->value());
  if (limits.output_tokens) each(Unit::output_tokens, limits.output_tokens->value());
  if (limits.requests) each(Unit::requests, *limits.requests);
  if (limits.concurrent) each(Unit::concurrent, *limits.concurrent);
}

// The least whole amount that is at least `ppm` parts per million of `limit`.
// REQUIRES: limit >= 0, 0 <= ppm <= 1,000,000.
[[nodiscard]] std::int64_t share_of(std::int64_t limit, std::int64_t ppm);
[[nodiscard]] Limits share_of(const Limits& limits, std::int64_t ppm);

}  // namespace budget::policy
