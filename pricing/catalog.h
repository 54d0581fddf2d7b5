// Which price applies to a model.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pricing/price.h"

namespace budget::pricing {

// How a price was found; everything but `exact`, `alias` and `override_` is
// shown as such wherever the price is shown.
enum class PriceMatch : std::uint8_t {
  exact,      // provider/model
  alias,      // a dated or "-latest" name of the same model
  family,     // the longest matching family of the same provider
  override_,  // the configuration's `prices.overrides`
  free,       // the provider is configured as free
  unknown,    // nothing matched; what happens is `unknown_model`'s decision
};

struct FoundPrice {
  const Price* price = nullptr;  // owned by the catalog; null iff match == unknown
  PriceMatch match = PriceMatch::unknown;
  std::int64_t adjust_ppm = 1'000'000;  // negotiated factor, parts per million
};

// What an operator says about prices on top of the shipped catalog. Globs are
// over "provider/model" with the configured provider's name, `*` any run of
// characters. The longest matching pattern wins.
struct PriceRules {
  struct Override {
    std::string pattern;
    Rates rates;
  };
  struct Adjustment {
    std::string pattern;
    std::int64_t factor_ppm;
  };
  enum class Unknown : std::uint8_t { deny, free, price };

  std::vector<Override> overrides;
  std::vector<Adjustment> adjustments;
  Unknown unknown_model = Unknown::deny;
  Rates unknown_rates;  // with Unknown::price
};

// A provider as the configuration names it, reduced to what prices need.
struct PricedProvider {
  std::string name;     // as configured: overrides and adjustments match on it
  std::string catalog;  // the catalog's provider id, see Catalog::provider_id
  bool free = false;
};

// An immutable snapshot of every known price. Thread-safe: all members const.
class Catalog {
 public:
  // Reads the project's own catalog format (docs/prices.md). The error says
  // what is wrong and where. Cost: linear in `json`.
  [[nodiscard]] static std::expected<std::shared_ptr<const Catalog>, std::string> parse(
      std::string_view json);
  // The catalog embedded in the binary. Never fails; parsed once per call.
  [[nodiscard]] static std::shared_ptr<const Catalog> shipped();

  // The catalog's provider id for a configured provider: its `url`'s host if a
  // catalog provider claims it, else its name or a known synonym ("gemini" is
  // "google"), else the name itself.
  [[nodiscard]] std::string provider_id(std::string_view name, std::string_view url) const;

  // The price of `model` at `provider` in force at `at`, never another
  // provider's. Rules are applied first to last: free, override, exact, alias,
  // family, unknown. Cost: O(1) hash look-ups, plus the number of name pieces
  // for a family; no allocation on a hit of the first three.
  [[nodiscard]] FoundPrice find(const PricedProvider& provider, std::string_view model,
                                std::chrono::sys_seconds at, const PriceRules& rules) const;

  // Every price, by provider and model; for listing.
  [[nodiscard]] const std::vector<Price>& prices() const { return prices_; }

  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

 private:
  struct Index;
  Catalog();

  std::vector<Price> prices_;
  std::unique_ptr<Index> index_;
};

}  // namespace budget::pricing
