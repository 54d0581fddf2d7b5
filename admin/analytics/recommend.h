// How the same work could cost less, by what was recorded. Pure; integers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "admin/view.h"
#include "policy/ledger/usage_store.h"

namespace budget::admin {

// A model that calls could go to.
struct ModelChoice {
  const ProviderView* provider = nullptr;
  std::string model;
  pricing::FoundPrice found;
  std::string_view tier;  // "" in none
};

// Every model of the catalog, by its own name, with a price for tokens in and
// out, at the providers that are configured and not free. Points into `view`.
[[nodiscard]] std::vector<ModelChoice> model_choices(const View& view, policy::Time now);

struct Recommendation {
  enum class Kind : std::uint8_t { cheaper_model, prompt_cache };
  Kind kind = Kind::cheaper_model;
  std::string provider, model;        // what was used
  std::string to_provider, to_model;  // cheaper_model
  std::int64_t requests = 0;
  pricing::Money cost;    // of the recorded usage at the model's price now
  pricing::Money saving;  // of it
  // prompt_cache: of the input, how much was read from a cache, and how much of
  // the rest the saving takes to be repeated; parts per million.
  std::int64_t cached_ppm = 0;
  std::int64_t assumed_ppm = 0;
};
[[nodiscard]] std::string_view name_of(Recommendation::Kind kind);

// Of `used` (sums by provider and model), the greatest savings first:
//
// - cheaper_model: the same calls at a model of the same wire format and tier,
//   whose context window and maximum output are known to be no smaller, and
//   that costs at least a fifth: what is cheaper still is another class of
//   model, whatever its tier says. At most three a model.
// - prompt_cache: calls of 2,048 input tokens and more on average, of which
//   less than a fifth was read from a cache, at a model whose cached input is
//   cheaper. Taken is that half of the rest repeats; how much does, only its
//   owner knows.
//
// Savings under a hundredth of the model's cost are none. Cost:
// O(used * choices).
[[nodiscard]] std::vector<Recommendation> recommend(const View& view,
                                                    const std::vector<ledger::UsageSum>& used,
                                                    policy::Time now);

// What all of them together could save: of those for one model only the best
// counts, for they exclude each other.
[[nodiscard]] pricing::Money total_saving(const std::vector<Recommendation>& all);

}  // namespace budget::admin
