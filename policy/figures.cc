#include "policy/figures.h"

namespace budget::policy {
namespace {

// pedantic C++ has no 128-bit integer of its own.
__extension__ using Wide = __int128;

template <class T>
std::optional<std::int64_t> value_of(const std::optional<T>& limit) {
  return limit ? std::optional(limit->value()) : std::nullopt;
}

}  // namespace

Figures figures_of(Unit unit, const CounterState& state, const Amount& amount) {
  const Amount& spent = state.spent;
  const Amount& reserved = state.reserved;
  switch (unit) {
    case Unit::cost:
      return {spent.cost.value(), reserved.cost.value(), amount.cost.value()};
    case Unit::tokens:
      return {(spent.input + spent.output).value(), (reserved.input + reserved.output).value(),
              (amount.input + amount.output).value()};
    case Unit::input_tokens:
      return {spent.input.value(), reserved.input.value(), amount.input.value()};
    case Unit::output_tokens:
      return {spent.output.value(), reserved.output.value(), amount.output.value()};
    case Unit::requests:
      return {state.requests, state.in_flight, 1};
    case Unit::concurrent:
      return {0, state.in_flight, 1};
  }
  return {};
}

std::optional<std::int64_t> limit_of(const Limits& limits, Unit unit) {
  switch (unit) {
    case Unit::cost:
      return value_of(limits.cost);
    case Unit::tokens:
      return value_of(limits.tokens);
    case Unit::input_tokens:
      return value_of(limits.input_tokens);
    case Unit::output_tokens:
      return value_of(limits.output_tokens);
    case Unit::requests:
      return limits.requests;
    case Unit::concurrent:
      return limits.concurrent;
  }
  return std::nullopt;
}

// Rounded up: an integer has reached 95 % of 1 when it is 1, not when it is 0.
std::int64_t share_of(std::int64_t limit, std::int64_t ppm) {
  constexpr std::int64_t million = 1'000'000;
  return static_cast<std::int64_t>((Wide{limit} * ppm + million - 1) / million);
}

Limits share_of(const Limits& limits, std::int64_t ppm) {
  Limits shares = limits;
  const auto scale = [ppm](auto& limit) {
    if (limit) *limit = std::decay_t<decltype(*limit)>(share_of(limit->value(), ppm));
  };
  const auto scale_count = [ppm](auto& limit) {
    if (limit) *limit = share_of(*limit, ppm);
  };
  scale(shares.cost);
  scale(shares.tokens);
  scale(shares.input_tokens);
  scale(shares.output_tokens);
  scale_count(shares.requests);
  scale_count(shares.concurrent);
  return shares;
}

}  // namespace budget::policy
