// models.dev's list: providers with models, US dollars per million tokens.
#include <algorithm>

#include "pricing/price_list_parts.h"

namespace budget::pricing {
namespace {

namespace od = simdjson::ondemand;

// US dollars per million tokens to pico-USD per token; per unit to pico-USD.
constexpr int per_million = 6;
constexpr int per_unit = 12;

struct Known {
  std::string_view key;
  Rate Rates::* rate;
  int power = per_million;
};
constexpr Known known[] = {
    {"input", &Rates::input},
    {"output", &Rates::output},
    {"cache_read", &Rates::cache_read},
    {"cache_write", &Rates::cache_write_5m},
    {"reasoning", &Rates::reasoning},
    {"input_audio", &Rates::audio_input},
    {"output_audio", &Rates::audio_output},
    {"image", &Rates::image, per_unit},
    {"request", &Rates::request, per_unit},
    // Spellings that some entries have.
    {"cache_input", &Rates::cache_read},
    {"cached_input", &Rates::cache_read},
    {"cached_write", &Rates::cache_write_5m},
};

std::string_view provider_behind(std::string_view name) {
  if (name == "google-vertex" || name == "google-vertex-anthropic") return "google";
  if (name == "novita-ai") return "novita";
  if (name == "cloudflare-workers-ai") return "cloudflare";
  return name;
}

using Error = simdjson::error_code;

Error read_tier(od::object fields, Price& row);

void read_rate(Rates& rates, std::string_view key, od::value value) {
  const auto* at = std::ranges::find(known, key, &Known::key);
  if (at == std::end(known)) return;
  if (const auto rate = number_of(value, at->power)) rates.*at->rate = rate;
}

Error read_cost(od::object fields, Price& row) {
  return each_field(fields, [&row](const std::string& key, od::value value) -> Error {
    od::array tiers;
    od::object above;
    if (key == "tiers" && !value.get_array().get(tiers)) {
      for (auto element : tiers) {
        if (const auto error = element.get_object().get(above)) return error;
        if (const auto error = read_tier(above, row)) return error;
      }
    } else if (key == "context_over_200k" && !value.get_object().get(above)) {
      // What `tiers` was before.
      row.long_context.push_back({Tokens(200'000), {}});
      Rates& rates = row.long_context.back().rates;
      return each_field(above, [&rates](const std::string& rate, od::value amount) {
        read_rate(rates, rate, amount);
        return simdjson::SUCCESS;
      });
    } else {
      read_rate(row.rates, key, value);
    }
    return simdjson::SUCCESS;
  });
}

Error read_tier(od::object fields, Price& row) {
  LongContextTier tier{};
  const Error error = each_field(fields, [&tier](const std::string& key, od::value value) {
    od::object size;
    od::value number;
    if (key != "tier" || value.get_object().get(size)) {
      read_rate(tier.rates, key, value);
    } else if (!size.find_field_unordered("size").get(number)) {
      tier.above_input = Tokens(number_of(number, 0).value_or(0));
    }
    return simdjson::SUCCESS;
  });
  if (error) return error;
  if (tier.above_input > Tokens(0)) row.long_context.push_back(tier);
  return simdjson::SUCCESS;
}

Error read_limit(od::object fields, Price& row) {
  return each_field(fields, [&row](const std::string& key, od::value value) {
    const auto tokens = number_of(value, 0);
    if (tokens.value_or(0) > 0) {
      if (key == "context") row.context_window = Tokens(*tokens);
      if (key == "output") row.max_output = Tokens(*tokens);
    }
    return simdjson::SUCCESS;
  });
}

Error read_model(od::object fields, Price& row) {
  const Error error = each_field(fields, [&row](const std::string& key, od::value value) -> Error {
    od::object part;
    if (key == "cost" && !value.get_object().get(part)) return read_cost(part, row);
    if (key == "limit" && !value.get_object().get(part)) return read_limit(part, row);
    return simdjson::SUCCESS;
  });
  if (error) return error;
  std::ranges::sort(row.long_context, {}, &LongContextTier::above_input);
  const auto repeated = std::ranges::unique(row.long_context, {}, &LongContextTier::above_input);
  row.long_context.erase(repeated.begin(), repeated.end());
  return simdjson::SUCCESS;
}

Error read_models(od::object models, const std::string& provider, ListBuilder& builder) {
  return each_field(models, [&](const std::string& model, od::value value) -> Error {
    od::object fields;
    if (value.get_object().get(fields)) return simdjson::SUCCESS;
    Price row;
    if (const auto error = read_model(fields, row)) return error;
    builder.add(provider, model, std::move(row));
    return simdjson::SUCCESS;
  });
}

Error read_providers(od::object providers, ListBuilder& builder) {
  return each_field(providers, [&builder](const std::string& name, od::value value) -> Error {
    od::object fields;
    if (value.get_object().get(fields)) return simdjson::SUCCESS;
    od::object models;
    if (fields.find_field_unordered("models").get_object().get(models)) return simdjson::SUCCESS;
    return read_models(models, builder.provider_id(provider_behind(name)), builder);
  });
}

}  // namespace

std::expected<PriceList, std::string> read_models_dev(std::string_view json, ListBuilder builder) {
  const auto broken = [](Error error) {
    return std::unexpected(std::string("it is not a list as models.dev's: ") +
                           simdjson::error_message(error));
  };
  const simdjson::padded_string text(json);
  od::parser parser;
  od::document document;
  od::object providers;
  if (const auto error = parser.iterate(text).get(document)) return broken(error);
  if (const auto error = document.get_object().get(providers)) return broken(error);
  if (const auto error = read_providers(providers, builder)) return broken(error);
  if (!document.current_location().error()) return std::unexpected("there is more behind its end");
  return builder.finish();
}

}  // namespace budget::pricing
