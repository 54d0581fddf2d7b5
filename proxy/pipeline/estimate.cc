#include "proxy/pipeline/estimate.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <string>

namespace budget::pipeline {
namespace {

using pricing::Tokens;

// The ceiling of a model whose maximum nobody has stated: above every model's
// maximum output known when this was written (131,072).
constexpr std::int64_t unknown_model_output_max = 131'072;
// Input that is not in the request (stored conversations, searches on the
// server) is held at the context window, or at this where that is unknown.
constexpr std::int64_t unknown_context_window = 1'048'576;

// Counting costs more than all the rest of a call, so where no decision needs
// it, it is done for this share of them, and not for bodies that would hold up
// other calls of the worker for more than some ten milliseconds.
constexpr std::size_t sampled_one_in = 64;
constexpr std::size_t sampled_body_max = std::size_t{256} * 1024;

Tokens times(std::int64_t tokens, std::int64_t choices) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(tokens, choices, &product)) return Tokens::max();
  return Tokens(product);
}

Tokens output_ceiling(const Call& call) {
  if (!call.facts.has_output) return Tokens(0);
  std::int64_t most = unknown_model_output_max;
  if (call.price.price && call.price.price->max_output) {
    most = call.price.price->max_output->value();
  }
  // A ceiling above the model's own maximum does not raise it: the provider
  // refuses or lowers it.
  const std::int64_t one = std::min(call.facts.max_output.value_or(most), most);
  return times(one, call.facts.choices);
}

Tokens input_bound(const Call& call) {
  Tokens bound(call.facts.input_bound);
  if (call.facts.input_unbounded) {
    const auto window = call.price.price ? call.price.price->context_window : std::nullopt;
    bound = std::max(bound, window.value_or(Tokens(unknown_context_window)));
  }
  return bound;
}

bool find_price(Call& call) {
  const auto second = std::chrono::floor<std::chrono::seconds>(call.admitted_at);
  call.price = call.snapshot().catalog->find(call.provider->priced, call.model, second,
                                             call.snapshot().config.prices);
  return call.price.priced();
}

pricing::InputCount input_count(const Call& call) {
  const pricing::InputParts parts = call.route.format->parts(call.route, call.view());
  return pricing::count_input(parts, call.provider->dialect->vendor, call.model);
}

void fill_worst(Call& call) {
  const Tokens counted = call.worst.input;
  call.worst = call.facts.extras;
  call.worst.input = call.input_exact ? counted : input_bound(call);
  call.worst.output_ceiling = output_ceiling(call);
}

}  // namespace

std::optional<wire::Problem> estimate_call(Call& call) {
  if (find_price(call)) {
    fill_worst(call);
    return std::nullopt;
  }
  wire::Problem problem;
  problem.kind = wire::ProblemKind::unpriced_model;
  problem.message = "No price is known for model '" + call.model.substr(0, 128) +
                    "' at provider '" + call.provider->config.name +
                    "', so it cannot be budgeted. Add it to `prices.overrides`, or set "
                    "`prices.unknown_model`.";
  return problem;
}

void sample_input_count(Call& call) {
  if (call.counted_input >= 0 || call.facts.input_unbounded) return;
  if (call.request.body.size() > sampled_body_max) return;
  if (std::hash<std::string>{}(call.request_id) % sampled_one_in != 0) return;
  call.counted_input = input_count(call).local.value();
}

bool count_input_exactly(Call& call) {
  if (call.input_exact) return false;
  call.input_exact = true;
  if (call.facts.input_unbounded) return false;
  const pricing::InputCount count = input_count(call);
  call.counted_input = count.local.value();
  const Tokens best = count.exact
                          ? count.tokens
                          : call.services().calibration.bound(
                                call.provider->config.name, call.model, count.local, count.tokens);
  // What has been learnt may be above the bound, where a provider adds text of
  // its own to every call.
  const bool smaller = best < call.worst.input;
  call.worst.input = best;
  return smaller;
}

bool estimate_for_model(Call& call, std::string_view model) {
  call.model = model;
  if (!find_price(call)) return false;
  // Another model may count the same text differently.
  call.input_exact = false;
  call.counted_input = -1;
  fill_worst(call);
  return true;
}

ledger::Amount worst_amount(const Call& call) {
  return amount_at(call, call.worst.output_ceiling);
}

ledger::Amount amount_at(const Call& call, pricing::Tokens ceiling) {
  pricing::WorstCase worst = call.worst;
  worst.output_ceiling = ceiling;
  return {.cost = pricing::worst_case_cost(worst, call.price).total,
          .input = worst.input,
          .output = ceiling};
}

}  // namespace budget::pipeline
