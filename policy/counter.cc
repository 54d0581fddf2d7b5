#include "policy/counter.h"

namespace budget::policy {
namespace {

// Whether adding `requested` to what is `committed` breaks `limit`.
bool breaks(Enforcement enforcement, std::int64_t limit, std::int64_t committed,
            std::int64_t requested) {
  if (enforcement == Enforcement::threshold) return committed >= limit;
  return Tokens(committed) + Tokens(requested) > Tokens(limit);
}

}  // namespace

std::string_view name_of(Unit unit) {
  switch (unit) {
    case Unit::cost:
      return "cost";
    case Unit::tokens:
      return "tokens";
    case Unit::input_tokens:
      return "input_tokens";
    case Unit::output_tokens:
      return "output_tokens";
    case Unit::requests:
      return "requests";
    case Unit::concurrent:
      return "concurrent";
  }
  return "";
}

std::optional<Unit> broken_limit(Enforcement enforcement, const Limits& limits,
                                 const CounterState& state, const Amount& amount) {
  if (enforcement == Enforcement::count) return std::nullopt;
  const Tokens input = state.spent.input + state.reserved.input;
  const Tokens output = state.spent.output + state.reserved.output;
  const auto broken = [enforcement](const auto& limit, auto committed, auto requested) {
    return limit && breaks(enforcement, limit->value(), committed.value(), requested.value());
  };
  const auto count_broken = [enforcement](const auto& limit, std::int64_t committed) {
    return limit && breaks(enforcement, *limit, committed, 1);
  };
  if (broken(limits.cost, state.spent.cost + state.reserved.cost, amount.cost)) return Unit::cost;
  if (broken(limits.tokens, input + output, amount.input + amount.output)) return Unit::tokens;
  if (broken(limits.input_tokens, input, amount.input)) return Unit::input_tokens;
  if (broken(limits.output_tokens, output, amount.output)) return Unit::output_tokens;
  if (count_broken(limits.requests, state.requests + state.in_flight)) return Unit::requests;
  if (count_broken(limits.concurrent, state.in_flight)) return Unit::concurrent;
  return std::nullopt;
}

}  // namespace budget::policy
