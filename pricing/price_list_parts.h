// What the readers of price lists share.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "pricing/exact_number.h"
#include "pricing/price_list.h"

namespace budget::pricing {

// Gathers rows by provider and model.
class ListBuilder {
 public:
  ListBuilder(std::string_view source, const Catalog& names) : source_(source), names_(names) {}

  // The catalog's id of a provider that the list calls `name`.
  [[nodiscard]] std::string provider_id(std::string_view name) const {
    return names_.provider_id(name, "");
  }
  // Takes the row, or counts it as skipped where no call could be charged by
  // it. Of two rows of one model the dearer stays: lists have several where a
  // price depends on what a request does not say, such as a region.
  void add(const std::string& provider, std::string model, Price row);
  void skip() { ++list_.skipped; }
  [[nodiscard]] std::expected<PriceList, std::string> finish();

 private:
  std::string source_;
  const Catalog& names_;
  PriceList list_;
  std::unordered_map<std::string, std::size_t> providers_;
  std::unordered_map<std::string, std::pair<std::size_t, std::size_t>> models_;
};

// A number, or a text that is one, times ten to the power of `power`. nullopt
// for anything else, negative ones among it.
[[nodiscard]] std::optional<std::int64_t> number_of(simdjson::ondemand::value value, int power);

// Calls `read(key, value)` with each field of `object`, until it or the JSON
// has an error, which is returned.
template <class Read>
simdjson::error_code each_field(simdjson::ondemand::object& object, Read read) {
  for (auto field : object) {
    std::string_view name;
    simdjson::ondemand::value value;
    if (const auto error = field.unescaped_key().get(name)) return error;
    if (const auto error = field.value().get(value)) return error;
    // The name's place is reused for the next one.
    if (const simdjson::error_code error = read(std::string(name), value)) return error;
  }
  return simdjson::SUCCESS;
}

[[nodiscard]] std::expected<PriceList, std::string> read_litellm(std::string_view json,
                                                                 ListBuilder builder);
[[nodiscard]] std::expected<PriceList, std::string> read_models_dev(std::string_view json,
                                                                    ListBuilder builder);

}  // namespace budget::pricing
