// The project's own price file (docs/prices.md), read and checked.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "pricing/price.h"

namespace budget::pricing {

struct ModelEntry {
  std::string name;
  bool label = false;                 // the name is for people, no request uses it
  std::vector<std::string> aliases;   // other ids of the model, lower-case
  std::vector<std::string> families;  // patterns: '*' any run, '#' a digit; lower-case
  // Ascending in time, each day's windows behind the price they vary. The last
  // one that is in force at a time is the price at that time.
  std::vector<Price> rows;
};

struct ProviderEntry {
  std::string id;
  std::vector<std::string> hosts;  // globs; with a path where the path counts
  std::vector<std::string> names;  // other names of the provider
  std::vector<ModelEntry> models;
};

struct PriceFile {
  std::string date;
  std::vector<ProviderEntry> providers;
};

// Cost: linear in `json`. The error names the provider, the model and the key.
[[nodiscard]] std::expected<PriceFile, std::string> read_price_file(std::string_view json);

}  // namespace budget::pricing
