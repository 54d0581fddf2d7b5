// LiteLLM's list: one object, a model a key, US dollars per token or unit.
#include <algorithm>
#include <array>
#include <charconv>

#include "pricing/price_list_parts.h"

namespace budget::pricing {
namespace {

namespace od = simdjson::ondemand;

// US dollars to pico-USD.
constexpr int per_unit = 12;

struct Known {
  std::string_view key;
  Rate Rates::* rate;
};
constexpr Known plain[] = {
    {"input_cost_per_token", &Rates::input},
    {"output_cost_per_token", &Rates::output},
    {"cache_read_input_token_cost", &Rates::cache_read},
    {"cache_creation_input_token_cost", &Rates::cache_write_5m},
    {"cache_creation_input_token_cost_above_1hr", &Rates::cache_write_1h},
    {"input_cost_per_audio_token", &Rates::audio_input},
    {"input_cost_per_image_token", &Rates::image_input},
    {"output_cost_per_reasoning_token", &Rates::reasoning},
    {"output_cost_per_audio_token", &Rates::audio_output},
    {"output_cost_per_image_token", &Rates::image_output},
    {"output_cost_per_image", &Rates::image},
    {"input_cost_per_character", &Rates::character},
    {"input_cost_per_query", &Rates::search_unit},
    {"input_cost_per_request", &Rates::request},
};

// Names of providers that the catalog does not know by itself.
std::string_view provider_behind(std::string_view name) {
  if (name.starts_with("vertex_ai") || name == "palm") return "google";
  constexpr std::pair<std::string_view, std::string_view> others[] = {
      {"azure_text", "azure"},
      {"bedrock_converse", "bedrock"},
      {"bedrock_mantle", "bedrock"},
      {"codestral", "mistral"},
      {"cohere_chat", "cohere"},
      {"fireworks_ai-embedding-models", "fireworks"},
      {"github_copilot", "github-copilot"},
      {"text-completion-codestral", "mistral"},
      {"text-completion-openai", "openai"},
  };
  for (const auto& [theirs, ours] : others) {
    if (name == theirs) return ours;
  }
  return name;
}

// "200" of "…_above_200k_tokens" behind `key`, in tokens.
std::optional<std::int64_t> threshold_of(std::string_view rest) {
  constexpr std::string_view before = "_above_";
  constexpr std::string_view after = "k_tokens";
  if (!rest.starts_with(before) || !rest.ends_with(after)) return std::nullopt;
  rest.remove_prefix(before.size());
  rest.remove_suffix(after.size());
  std::int64_t thousands = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), thousands);
  if (error != std::errc{} || end != rest.data() + rest.size()) return std::nullopt;
  if (thousands <= 0 || thousands > 1'000'000) return std::nullopt;
  return thousands * 1000;
}

std::optional<ServiceTier> tier_of(std::string_view rest) {
  if (rest == "_batches") return ServiceTier::batch;
  if (rest == "_flex") return ServiceTier::flex;
  if (rest == "_priority") return ServiceTier::priority;
  return std::nullopt;
}

Rates& rates_above(Price& row, std::int64_t tokens) {
  const auto at =
      std::ranges::find(row.long_context, Tokens(tokens), &LongContextTier::above_input);
  if (at != row.long_context.end()) return at->rates;
  row.long_context.push_back({Tokens(tokens), {}});
  return row.long_context.back().rates;
}

Rates& rates_in(Price& row, ServiceTier tier) {
  const auto at = std::ranges::find(row.service_tiers, tier, &ServiceTierRates::tier);
  if (at != row.service_tiers.end()) return at->rates;
  row.service_tiers.push_back({tier, {}});
  return row.service_tiers.back().rates;
}

struct Entry {
  Price row;
  std::string provider, mode;
  Rate per_second, cache_hit, max_tokens;
};

// What a key with a price means, or nothing.
void read_cost(Entry& entry, std::string_view key, od::value value) {
  const Known* known = nullptr;
  for (const Known& each : plain) {
    if (key.starts_with(each.key) && (known == nullptr || each.key.size() > known->key.size())) {
      known = &each;
    }
  }
  if (known == nullptr) return;
  const std::string_view rest = key.substr(known->key.size());
  const auto threshold = threshold_of(rest);
  const auto tier = tier_of(rest);
  if (!rest.empty() && !threshold && !tier) return;
  const auto rate = number_of(value, per_unit);
  if (!rate) return;
  Rates& rates = threshold ? rates_above(entry.row, *threshold)
                 : tier    ? rates_in(entry.row, *tier)
                           : entry.row.rates;
  rates.*known->rate = rate;
}

// The dearest of a search's sizes.
void read_search(Entry& entry, od::value value) {
  od::object sizes;
  if (value.get_object().get(sizes)) return;
  for (auto field : sizes) {
    od::value size;
    if (field.value().get(size)) return;
    const auto rate = number_of(size, per_unit);
    if (rate)
      entry.row.rates.search_unit = std::max(entry.row.rates.search_unit.value_or(0), *rate);
  }
}

void read_field(Entry& entry, std::string_view key, od::value value) {
  std::string_view text;
  if (key == "litellm_provider" || key == "mode") {
    if (!value.get_string().get(text)) (key == "mode" ? entry.mode : entry.provider) = text;
  } else if (key == "max_input_tokens" || key == "max_output_tokens" || key == "max_tokens") {
    const auto tokens = number_of(value, 0);
    if (!tokens || *tokens == 0) return;
    if (key == "max_input_tokens") entry.row.context_window = Tokens(*tokens);
    if (key == "max_output_tokens") entry.row.max_output = Tokens(*tokens);
  } else if (key == "search_context_cost_per_query") {
    read_search(entry, value);
  } else if (key == "input_cost_per_token_cache_hit") {
    entry.cache_hit = number_of(value, per_unit);
  } else if (key == "input_cost_per_second" || key == "output_cost_per_second") {
    const auto rate = number_of(value, per_unit);
    if (rate) entry.per_second = std::max(entry.per_second.value_or(0), *rate);
  } else if (key.find("cost") != std::string_view::npos) {
    read_cost(entry, key, value);
  }
}

// Hired machines are priced by the second as well; audio alone is what calls
// are charged by.
void finish(Entry& entry) {
  const bool audio = entry.mode == "audio_transcription" || entry.mode == "audio_speech";
  if (audio && entry.per_second.value_or(0) > 0) entry.row.rates.audio_second = entry.per_second;
  if (!entry.row.rates.cache_read) entry.row.rates.cache_read = entry.cache_hit;
  std::ranges::sort(entry.row.long_context, {}, &LongContextTier::above_input);
}

// The model's own name in a key: "azure/gpt-4o" is gpt-4o. "" for keys that
// name a variant which requests do not ("azure/eu/gpt-4o", "hd/1024-x-1024/…").
std::string_view model_in(std::string_view key, const std::string& provider,
                          const ListBuilder& builder) {
  if (const std::size_t slash = key.find('/'); slash != std::string_view::npos) {
    const std::string_view first = key.substr(0, slash);
    if (builder.provider_id(provider_behind(first)) == provider) key.remove_prefix(slash + 1);
  }
  if (key.find("-x-") != std::string_view::npos) return "";
  const bool flat = provider == "openai" || provider == "azure" || provider == "anthropic" ||
                    provider == "bedrock";
  return flat && key.contains('/') ? std::string_view() : key;
}

simdjson::error_code read_entry(const std::string& key, od::value value, ListBuilder& builder) {
  od::object fields;
  if (key == "sample_spec" || value.get_object().get(fields)) return simdjson::SUCCESS;
  Entry entry;
  const auto error = each_field(fields, [&entry](const std::string& name, od::value part) {
    read_field(entry, name, part);
    return simdjson::SUCCESS;
  });
  if (error) return error;
  finish(entry);
  const std::string provider = builder.provider_id(provider_behind(entry.provider));
  const std::string_view model = model_in(key, provider, builder);
  if (model.empty()) {
    builder.skip();
  } else {
    builder.add(provider, std::string(model), std::move(entry.row));
  }
  return simdjson::SUCCESS;
}

}  // namespace

std::expected<PriceList, std::string> read_litellm(std::string_view json, ListBuilder builder) {
  const auto broken = [](simdjson::error_code error) {
    return std::unexpected(std::string("it is not a list as LiteLLM's: ") +
                           simdjson::error_message(error));
  };
  const simdjson::padded_string text(json);
  od::parser parser;
  od::document document;
  od::object models;
  if (const auto error = parser.iterate(text).get(document)) return broken(error);
  if (const auto error = document.get_object().get(models)) return broken(error);
  const auto unread = each_field(models, [&builder](const std::string& key, od::value value) {
    return read_entry(key, value, builder);
  });
  if (unread) return broken(unread);
  if (!document.current_location().error()) return std::unexpected("there is more behind its end");
  return builder.finish();
}

}  // namespace budget::pricing
