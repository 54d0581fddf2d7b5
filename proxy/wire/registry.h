// Every wire format, in one table.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/wire/format.h"

namespace budget::wire {

// A provider's configured `format`. `any` is the simulated provider's: every
// format under its own paths.
enum class ProviderFormat : std::uint8_t {
  openai,
  anthropic,
  gemini,
  bedrock,
  cohere,
  ollama,
  any
};
[[nodiscard]] std::optional<ProviderFormat> provider_format_named(std::string_view name);
[[nodiscard]] std::string_view name_of(ProviderFormat format);

// Routes a request for a provider of that format. A provider may answer
// several formats (Ollama's /v1 is OpenAI's; Vertex paths under gemini serve
// Anthropic's messages). Always returns a route: GET, HEAD and paths that cost
// nothing are `free`; a path in no table is `unmetered` with the provider's
// main format, for the refusal's words.
[[nodiscard]] Route route(ProviderFormat format, std::string_view method, std::string_view path,
                          std::string_view query);

// The format whose words fit a request that could not be routed at all, by
// what its path looks like; OpenAI's when nothing else fits.
[[nodiscard]] const Format& format_for_errors(std::string_view path);

}  // namespace budget::wire
