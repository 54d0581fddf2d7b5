// The project's own price file (docs/prices.md), read, checked and written.
#pragma once

#include <expected>
#include <optional>
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
  // Of a file that adds to another: whether sources agree on what is in force.
  // With it, a model may have no rows of its own.
  std::optional<bool> verified;
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

// The inverse: what is read again is equal, but for ids where the date differs.
[[nodiscard]] std::string write_price_file(const PriceFile& file);

// Adds the rows of `additions` to `file`: to the model of that very name, which
// is made where there is none. Rows stay ascending in time, additions behind
// what is there of the same time.
void add_rows(PriceFile& file, PriceFile additions);

// Gives a model's rows their ids, see Price; `undated` stands for the day of
// rows without one, where none has one. Of rows that begin in one second, all
// but the first have a number behind their id.
void name_rows(ModelEntry& model, std::string_view undated);

}  // namespace budget::pricing
