// The bodies of Ollama's chat, generate and embed.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "pricing/estimate.h"
#include "proxy/wire/format.h"

namespace budget::wire {

// Route::variant of Ollama's routes.
enum class OllamaCall : std::uint8_t { chat, generate, embed };

// A num_predict of 0 or less states no ceiling: to Ollama it means "until the
// model stops" or "until the context is full".
[[nodiscard]] std::expected<RequestFacts, std::string> ollama_facts(const Route& route,
                                                                    const RequestView& request);
// REQUIRES: ollama_facts() accepted it.
[[nodiscard]] pricing::InputParts ollama_parts(const RequestView& request);
[[nodiscard]] std::string rewrite_ollama(const Route& route, const RequestView& request,
                                         const RequestFacts& facts, const Rewrite& rewrite);

}  // namespace budget::wire
