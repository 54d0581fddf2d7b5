// Usage as Anthropic and Bedrock report it: the caches stand beside the input,
// not inside it.
#pragma once

#include <cstdint>
#include <optional>

#include "pricing/usage.h"
#include "proxy/wire/format.h"

namespace budget::wire {

// Figures as last reported. Providers repeat them in later events, with new
// values: each replaces its own earlier one, and an absent one changes nothing.
struct ExclusiveUsage {
  std::optional<std::int64_t> input;
  std::optional<std::int64_t> cache_read;
  std::optional<std::int64_t> cache_write;     // in total
  std::optional<std::int64_t> cache_write_5m;  // its parts, where they are told
  std::optional<std::int64_t> cache_write_1h;
  std::optional<std::int64_t> output;
  std::optional<std::int64_t> reasoning;  // inside output
  std::optional<std::int64_t> searches;   // made by the provider

  // Each figure that is set in `later` replaces the one here.
  void replace_by(const ExclusiveUsage& later);
  // The same in buckets that do not overlap.
  [[nodiscard]] pricing::Usage buckets() const;
};

}  // namespace budget::wire
