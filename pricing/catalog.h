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
  free,       // the provider, or every unknown model, is configured as free
  unknown,    // nothing matched; `unknown_model` says what it costs, if anything
};
[[nodiscard]] std::string_view name_of(PriceMatch match);

struct FoundPrice {
  // The catalog's row for the model, owned by the catalog. With `stated` (or a
  // free provider) it only tells the model's limits, and may be null.
  const Price* price = nullptr;
  // What the operator states instead (an override, or the price of every
  // unknown model), owned by the rules: these rates alone, no tiers.
  const Rates* stated = nullptr;
  PriceMatch match = PriceMatch::unknown;
  // Negotiated factor in parts per million; of catalog prices only, since what
  // an operator states is already what is paid.
  std::int64_t adjust_ppm = 1'000'000;

  // Whether there is a price at all. Where not, the call has to be refused.
  [[nodiscard]] bool priced() const {
    return match == PriceMatch::free || stated != nullptr || price != nullptr;
  }
  // For usage records: the price's id (also of one that was stated while the
  // program ran), else "override", "free", "unknown".
  [[nodiscard]] std::string_view id() const;
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

struct PriceFile;  // catalog_json.h

// An immutable snapshot of every known price. Thread-safe: all members const.
class Catalog {
 public:
  // Reads the project's own catalog format (docs/prices.md). The error says
  // what is wrong and where. Cost: linear in `json`.
  [[nodiscard]] static std::expected<std::shared_ptr<const Catalog>, std::string> parse(
      std::string_view json);
  // The catalog embedded in the binary. Never fails; parsed once per call.
  [[nodiscard]] static std::shared_ptr<const Catalog> shipped();
  // The same as a file, to be added to; and a catalog of any file that was read
  // or made by the rules of catalog_json.h.
  [[nodiscard]] static PriceFile shipped_file();
  [[nodiscard]] static std::shared_ptr<const Catalog> of(PriceFile file);

  // The catalog's provider id for a configured provider: its `url`'s host if a
  // catalog provider claims it, else its name or a known synonym ("gemini" is
  // "google"), else the name itself. The built-in simulator is "simulated".
  [[nodiscard]] std::string provider_id(std::string_view name, std::string_view url) const;

  // The price of `model` at `provider` in force at `at`, never another
  // provider's. Rules are applied first to last: free, override, exact, alias,
  // family, unknown. Cost: O(1) hash look-ups, plus the number of name pieces
  // for a family; no allocation on a hit of the first three.
  [[nodiscard]] FoundPrice find(const PricedProvider& provider, std::string_view model,
                                std::chrono::sys_seconds at, const PriceRules& rules) const;

  // Every price, by provider and model; for listing.
  [[nodiscard]] const std::vector<Price>& prices() const { return prices_; }
  // When the catalog was published, "2026-09-23".
  [[nodiscard]] const std::string& date() const { return date_; }

  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

 private:
  struct Index;
  Catalog();

  std::vector<Price> prices_;
  std::string date_;
  std::unique_ptr<Index> index_;
};

}  // namespace budget::pricing
