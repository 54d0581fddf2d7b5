// The bodies of Cohere's chat, embed and rerank.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "pricing/estimate.h"
#include "proxy/wire/format.h"

namespace budget::wire {

// Route::variant of Cohere's routes.
enum class CohereCall : std::uint8_t { chat, embed, rerank };

[[nodiscard]] std::expected<RequestFacts, std::string> cohere_facts(const Route& route,
                                                                    const RequestView& request);
// REQUIRES: cohere_facts() accepted it.
[[nodiscard]] pricing::InputParts cohere_parts(const RequestView& request);
[[nodiscard]] std::string rewrite_cohere(const Route& route, const RequestView& request,
                                         const RequestFacts& facts, const Rewrite& rewrite);

}  // namespace budget::wire
