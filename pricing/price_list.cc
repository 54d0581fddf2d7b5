#include "pricing/price_list.h"

#include <algorithm>

#include "pricing/price_list_parts.h"
#include "pricing/rate.h"

namespace budget::pricing {
namespace {

// A name that is longer has no price, see catalog.cc.
constexpr std::size_t name_bytes_max = 512;
// So many models are no price list: about ten times what there is in the world.
constexpr std::int64_t models_max = 50'000;

bool usable_name(std::string_view name) {
  return !name.empty() && name.size() <= name_bytes_max && std::ranges::none_of(name, [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f;
  });
}

// Zero on one side only is a side that was left out, but for models that have
// no such side, whose calls have no tokens there either: it falls back to the
// other, see price.h.
void drop_half_zero(Rates& rates) {
  const bool input = rates.input.value_or(0) > 0;
  const bool output = rates.output.value_or(0) > 0;
  if (input && rates.output == 0) rates.output.reset();
  if (output && rates.input == 0) rates.input.reset();
}

bool charges_something(const Rates& rates) {
  return std::ranges::any_of(rate_fields, [&rates](const RateField& field) {
    return (rates.*field.member).value_or(0) > 0;
  });
}

// What a call is charged by, see catalog_json.cc.
bool prices_calls(const Rates& rates) {
  return rates.input || rates.output || rates.image || rates.audio_second || rates.character ||
         rates.request;
}

std::int64_t dearness(const Rates& rates) {
  const Tokens sum = Tokens(rates.input.value_or(0)) + Tokens(rates.output.value_or(0));
  return sum.value();
}

// Of our own format: what is in force, without what varies by the hour, which
// one row cannot say.
std::expected<PriceList, std::string> read_own(std::string_view json, std::string_view source) {
  auto file = read_price_file(json);
  if (!file) return std::unexpected(std::move(file.error()));
  PriceList list;
  list.file.date = file->date;
  for (ProviderEntry& provider : file->providers) {
    ProviderEntry kept{.id = provider.id, .hosts = {}, .names = {}, .models = {}};
    for (ModelEntry& model : provider.models) {
      const bool one =
          !model.label && !model.rows.empty() &&
          std::ranges::none_of(model.rows, [](const Price& row) { return row.daily.has_value(); });
      if (!one || model.rows.back().ended || !usable_name(model.name)) {
        ++list.skipped;
        continue;
      }
      Price row = std::move(model.rows.back());
      row.source = source;
      row.effective_from.reset();
      row.id.clear();
      model.rows.clear();
      model.rows.push_back(std::move(row));
      ++list.models;
      kept.models.push_back(std::move(model));
    }
    if (!kept.models.empty()) list.file.providers.push_back(std::move(kept));
  }
  return list;
}

}  // namespace

void ListBuilder::add(const std::string& provider, std::string model, Price row) {
  drop_half_zero(row.rates);
  if (!usable_name(provider) || !usable_name(model) || !prices_calls(row.rates) ||
      list_.models >= models_max) {
    return skip();
  }
  // A list writes zero for what it does not know, too. Only models that say
  // that they are free are believed to be.
  const bool says_free = model.ends_with(":free");
  if (!charges_something(row.rates) && !says_free) return skip();
  row.free = says_free && !charges_something(row.rates);
  row.provider = provider;
  row.model = model;
  row.source = source_;
  const auto [place, fresh] = providers_.emplace(provider, list_.file.providers.size());
  if (fresh) {
    list_.file.providers.push_back({.id = provider, .hosts = {}, .names = {}, .models = {}});
  }
  std::vector<ModelEntry>& models = list_.file.providers[place->second].models;
  std::string key = provider + '\n' + model;
  std::ranges::transform(key, key.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const auto [at, first] = models_.emplace(std::move(key), std::pair(place->second, models.size()));
  if (!first) {
    Price& known = models[at->second.second].rows.front();
    if (dearness(row.rates) > dearness(known.rates)) known = std::move(row);
    return;
  }
  ModelEntry entry;
  entry.name = std::move(model);
  entry.rows.push_back(std::move(row));
  models.push_back(std::move(entry));
  ++list_.models;
}

std::expected<PriceList, std::string> ListBuilder::finish() {
  if (list_.models == 0) return std::unexpected("there is no price in it");
  return std::move(list_);
}

std::optional<std::int64_t> number_of(simdjson::ondemand::value value, int power) {
  simdjson::ondemand::json_type type{};
  if (value.type().get(type)) return std::nullopt;
  if (type == simdjson::ondemand::json_type::string) {
    std::string_view text;
    if (value.get_string().get(text)) return std::nullopt;
    return scaled_number(text, power);
  }
  if (type != simdjson::ondemand::json_type::number) return std::nullopt;
  std::string_view text = value.raw_json_token();
  text = text.substr(0, text.find_first_of(" \t\r\n"));
  return scaled_number(text, power);
}

std::expected<PriceList, std::string> read_price_list(std::string_view json, ListFormat format,
                                                      std::string_view source,
                                                      const Catalog& names) {
  if (json.size() > price_list_bytes_max) {
    return std::unexpected("it is longer than " + std::to_string(price_list_bytes_max) + " bytes");
  }
  std::expected<PriceList, std::string> list = std::unexpected(std::string());
  switch (format) {
    case ListFormat::budget:
      list = read_own(json, source);
      break;
    case ListFormat::litellm:
      list = read_litellm(json, ListBuilder(source, names));
      break;
    case ListFormat::models_dev:
      list = read_models_dev(json, ListBuilder(source, names));
      break;
  }
  if (list && list->models == 0) return std::unexpected("there is no price in it");
  return list;
}

}  // namespace budget::pricing
