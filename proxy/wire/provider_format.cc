// The names of the wire formats, as the configuration writes them. Apart from
// the formats themselves, so that reading a configuration links none of them.
#include <algorithm>
#include <utility>

#include "proxy/wire/registry.h"

namespace budget::wire {
namespace {

constexpr std::pair<std::string_view, ProviderFormat> names[] = {
    {"openai", ProviderFormat::openai}, {"anthropic", ProviderFormat::anthropic},
    {"gemini", ProviderFormat::gemini}, {"bedrock", ProviderFormat::bedrock},
    {"cohere", ProviderFormat::cohere}, {"ollama", ProviderFormat::ollama},
    {"simulated", ProviderFormat::any},
};

}  // namespace

std::optional<ProviderFormat> provider_format_named(std::string_view name) {
  const auto* found = std::ranges::find(names, name, [](const auto& entry) { return entry.first; });
  if (found == std::end(names)) return std::nullopt;
  return found->second;
}

std::string_view name_of(ProviderFormat format) {
  const auto* found =
      std::ranges::find(names, format, [](const auto& entry) { return entry.second; });
  return found->first;
}

}  // namespace budget::wire
