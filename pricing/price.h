// What a model costs: integer rates, tiers, and where they come from.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pricing/quantity.h"

namespace budget::pricing {

// Rates are in pico-USD (10^-12 USD) per token or per unit: 1 USD per million
// tokens is 1,000,000. A rate that is not stated falls back as noted.
using Rate = std::optional<std::int64_t>;

struct Rates {
  // Per token. Tokens are never free by omission while either is stated.
  Rate input;           // else output
  Rate cache_read;      // else input
  Rate cache_write_5m;  // else input
  Rate cache_write_1h;  // else cache_write_5m
  Rate audio_input;     // else input
  Rate image_input;     // else input
  Rate output;          // else input
  Rate reasoning;       // else output
  Rate audio_output;    // else output
  Rate image_output;    // else output
  // Per unit; else nothing is charged for that unit.
  Rate image;
  Rate audio_second;
  Rate character;
  Rate search_unit;
  Rate request;

  friend bool operator==(const Rates&, const Rates&) = default;
};

// A call whose input_total() is above `above_input` is billed at these rates
// for all of its tokens; a rate not stated keeps its base value.
struct LongContextTier {
  Tokens above_input;
  Rates rates;

  friend bool operator==(const LongContextTier&, const LongContextTier&) = default;
};

// The service tier the provider says it used (OpenAI `service_tier`, Anthropic
// `usage.service_tier`, Gemini's batch).
enum class ServiceTier : std::uint8_t { standard, batch, flex, priority };

struct ServiceTierRates {
  ServiceTier tier;
  Rates rates;  // a rate not stated keeps its standard value

  friend bool operator==(const ServiceTierRates&, const ServiceTierRates&) = default;
};

// Both a service tier and a long-context tier may apply. Where both state a
// rate, the service tier's is scaled by what the long context costs more, and
// rounded up: that is how Google lists it (Gemini 3.1 Pro: input 2.00, above
// 200,000 tokens 4.00, priority 3.60, and both together 7.20), and how OpenAI
// halves its flex and batch prices.

// A part of every day, UTC. Past midnight when `until` is before `from`.
struct DailyWindow {
  std::chrono::seconds from;   // since midnight, inclusive
  std::chrono::seconds until;  // exclusive

  [[nodiscard]] constexpr bool contains(std::chrono::seconds time_of_day) const {
    return from <= until ? from <= time_of_day && time_of_day < until
                         : from <= time_of_day || time_of_day < until;
  }
};

// One model's price over one span of time. Immutable.
struct Price {
  // "openai/gpt-4o@2024-10-01": provider, model and the first day of the price
  // (the catalog's date where no source states one), its first second where
  // that is no midnight ("@2024-10-01T15:30:00Z", and ".2" for a second one in
  // that second), and "T00:30" for a daily window. Kept in usage records.
  std::string id;
  std::string provider;
  std::string model;
  Rates rates;
  std::vector<LongContextTier> long_context;  // ascending
  std::vector<ServiceTierRates> service_tiers;
  std::optional<Tokens> context_window;
  std::optional<Tokens> max_output;
  std::string source;  // "genai-prices@0.1.8", "override", …
  std::optional<std::chrono::sys_seconds> effective_from;
  std::optional<DailyWindow> daily;  // only then; else at all times no window has
  // Cache entries are written only when a request asks for them. Where false,
  // any input may turn out to have been a cache write.
  bool cache_on_request = false;
  bool verified = false;  // sources agree
  bool free = false;      // costs nothing by decision, not by omission
  // Stated by an operator while the program runs: what is paid as it is, so
  // that no factor applies.
  bool manual = false;
  // From then on the model has no price: an operator's was taken back, and
  // there was none before.
  bool ended = false;
};

}  // namespace budget::pricing
