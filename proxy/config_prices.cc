// What the operator says about prices.
#include <fmt/format.h>

#include <algorithm>

#include "policy/yaml/nearest.h"
#include "policy/yaml/scalars.h"
#include "proxy/config_read.h"

namespace budget {
namespace {

using policy::Section;
using policy::YamlMember;
using policy::YamlValue;
using pricing::PriceRules;
using pricing::Rate;
using pricing::Rates;
using std::chrono::milliseconds;

constexpr milliseconds minute{60'000};
constexpr milliseconds day{86'400'000};
constexpr std::int64_t factor_most_ppm = 100'000'000;

struct RateKey {
  std::string_view name;
  Rate Rates::* target;
  bool per_token;
};

constexpr RateKey rate_keys[] = {
    {"input", &Rates::input, true},
    {"output", &Rates::output, true},
    {"cache_read", &Rates::cache_read, true},
    {"cache_write", &Rates::cache_write_5m, true},
    {"cache_write_5m", &Rates::cache_write_5m, true},
    {"cache_write_1h", &Rates::cache_write_1h, true},
    {"reasoning", &Rates::reasoning, true},
    {"audio_input", &Rates::audio_input, true},
    {"audio_output", &Rates::audio_output, true},
    {"image_input", &Rates::image_input, true},
    {"image_output", &Rates::image_output, true},
    {"image", &Rates::image, false},
    {"audio_second", &Rates::audio_second, false},
    {"character", &Rates::character, false},
    {"search_unit", &Rates::search_unit, false},
    {"request", &Rates::request, false},
};

void read_rate(const Section& section, const RateKey& key, Rates& rates) {
  const YamlValue* value = section.value(key.name);
  if (value == nullptr) return;
  const std::string_view expected =
      key.per_token ? "US dollars per million tokens such as 2.50 (at most six decimals)"
                    : "US dollars per unit such as 0.04 (at most nine decimals)";
  const auto text = section.reader().scalar(*value, expected);
  if (!text) return;
  const auto rate =
      key.per_token ? policy::parse_rate_per_million(*text) : policy::parse_rate_per_unit(*text);
  if (!rate) {
    section.reader().wrong(*value, expected);
    return;
  }
  rates.*key.target = rate;
}

// A price that leaves a side out would make that side free without a word.
Rates read_rates(const Section& section) {
  Rates rates;
  bool any = false;
  bool tokens = false;
  for (const RateKey& key : rate_keys) {
    read_rate(section, key, rates);
    any = any || section.has(key.name);
    tokens = tokens || (key.per_token && section.has(key.name));
  }
  if (!any) {
    section.reader().problem(section.place(),
                             "a price without rates; write {input: USD, output: USD} per million "
                             "tokens");
  }
  for (const std::string_view side : {"input", "output"}) {
    if (!tokens || section.has(side)) continue;
    section.reader().problem(
        section.place(), fmt::format("'{0}' is missing from this price; write {0}: 0 if nothing "
                                     "is charged for it",
                                     side));
  }
  if (section.has("cache_write") && section.has("cache_write_5m")) {
    section.problem("cache_write_5m", "'cache_write' and 'cache_write_5m' mean the same; keep one");
  }
  return rates;
}

void check_pattern(const Section& section, const YamlMember& member, const Config& config) {
  const std::size_t slash = member.key.find('/');
  if (slash == std::string::npos) {
    section.reader().problem(
        member.place, fmt::format("expected PROVIDER/MODEL, found {}; write '*/{}' for every "
                                  "provider",
                                  policy::shown(member.key), member.key));
    return;
  }
  const std::string provider = member.key.substr(0, slash);
  if (provider.find_first_of("*?") != std::string::npos) return;
  const std::vector<std::string> names = provider_names(config);
  if (std::ranges::find(names, provider) != names.end()) return;
  section.reader().warn(member.place, fmt::format("there is no provider '{}'{}", provider,
                                                  policy::hint_for(provider, names)));
}

void read_adjustments(const Section& section, Config& config) {
  constexpr std::string_view expected = "a factor above 0 and at most 100 such as 0.9";
  for (const YamlMember& member : section.named("adjust")) {
    check_pattern(section, member, config);
    const auto text = section.reader().scalar(member.value, expected);
    if (!text) continue;
    const auto factor = policy::parse_ppm(*text);
    if (!factor || *factor <= 0 || *factor > factor_most_ppm) {
      section.reader().wrong(member.value, expected,
                             factor == 0 ? "; write price: free at the provider" : "");
      continue;
    }
    config.prices.adjustments.push_back({member.key, *factor});
  }
}

void read_unknown(const Section& section, PriceRules& rules) {
  const YamlValue* value = section.value("unknown_model");
  if (value == nullptr) return;
  if (value->kind == YamlValue::Kind::map) {
    rules.unknown_model = PriceRules::Unknown::price;
    rules.unknown_rates =
        read_rates({section.reader(), value, section.path_of("unknown_model"), value->place});
    return;
  }
  const auto word = section.reader().scalar(*value, "deny, free or {input: USD, output: USD}");
  if (!word) return;
  if (*word == "free") {
    rules.unknown_model = PriceRules::Unknown::free;
    section.warn("unknown_model",
                 "models without a price cost nothing here, so no cost_limit "
                 "stops them");
  } else if (*word != "deny") {
    section.not_allowed("unknown_model", *word);
  }
}

PriceSourceConfig read_source(const Section& section) {
  using Format = PriceSourceConfig::Format;
  constexpr std::pair<std::string_view, Format> formats[] = {
      {"budget", Format::budget}, {"litellm", Format::litellm}, {"models_dev", Format::models_dev}};
  PriceSourceConfig source;
  section.required("name", source.name, "give the source a name");
  section.choice("format", source.format, formats);
  if (auto url = read_web_url(section, "url")) source.url = *std::move(url);
  section.text("file", source.file);
  if (section.has("url") == section.has("file")) {
    section.reader().problem(section.place(),
                             "a price source has either 'url' or 'file'; write one of the two");
  }
  section.duration("refresh", source.refresh, minute, day * 366);
  section.share("trust", source.trust_ppm, 1'000'000);
  return source;
}

}  // namespace

void read_prices(const Section& root, Config& config) {
  const Section section = root.section("prices");
  for (const YamlMember& member : section.named("overrides")) {
    check_pattern(section, member, config);
    config.prices.overrides.push_back({member.key, read_rates(section.entry("overrides", member))});
  }
  read_adjustments(section, config);
  read_unknown(section, config.prices);
  for (const Section& source : section.sections("sources")) {
    config.price_sources.push_back(read_source(source));
  }
  section.share("tolerance", config.price_tolerance_ppm, 1'000'000);
}

}  // namespace budget
