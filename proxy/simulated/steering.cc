#include <charconv>

#include "proxy/simulated/simulator.h"

namespace budget::simulated {
namespace {

// Larger figures are unreadable ones: nothing here may overflow.
constexpr std::int64_t figure_max = std::int64_t{1} << 40;

std::optional<std::int64_t> figure(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < 0 || value > figure_max) return std::nullopt;
  return value;
}

}  // namespace

Steering steering_of(const Request& request, const Steering& defaults) {
  constexpr std::string_view prefix = "x-simulate-";
  Steering steering = defaults;
  for (const auto& [name, text] : request.headers) {
    if (!name.starts_with(prefix)) continue;
    const std::string_view key = std::string_view(name).substr(prefix.size());
    if (key == "usage") {
      if (text == "missing") steering.usage_missing = true;
      continue;
    }
    const std::optional<std::int64_t> value = figure(text);
    if (!value) continue;
    const auto unsigned_value = static_cast<std::uint64_t>(*value);
    if (key == "output-tokens") steering.output_tokens = value;
    if (key == "cached-tokens") steering.cached_tokens = *value;
    if (key == "reasoning-tokens") steering.reasoning_tokens = *value;
    if (key == "latency-ms") steering.latency = std::chrono::milliseconds(*value);
    if (key == "gap-ms") steering.gap = std::chrono::milliseconds(*value);
    if (key == "chunk-bytes") steering.chunk_bytes = unsigned_value;
    if (key == "status" && *value >= 200 && *value <= 599)
      steering.status = static_cast<int>(*value);
    if (key == "break-after") steering.break_after = unsigned_value;
    if (key == "stall-after") steering.stall_after = unsigned_value;
  }
  return steering;
}

}  // namespace budget::simulated
