// The bodies of Google's generateContent and of its embeddings.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "pricing/estimate.h"
#include "proxy/wire/format.h"

namespace budget::wire {

// Route::variant of Gemini's routes.
enum class GeminiCall : std::uint8_t { generate, embed, batch_embed, predict };

[[nodiscard]] std::expected<RequestFacts, std::string> gemini_facts(const Route& route,
                                                                    const RequestView& request);
// REQUIRES: gemini_facts() accepted it.
[[nodiscard]] pricing::InputParts gemini_parts(const RequestView& request);
[[nodiscard]] std::string rewrite_gemini(const Route& route, const RequestView& request,
                                         const RequestFacts& facts, const Rewrite& rewrite);

// The most tokens that a picture is counted as.
// Source: Google's "Image understanding": 258 tokens for a small picture or for
// each tile of a larger one; up to 2240 at Gemini 3's highest resolution.
[[nodiscard]] std::int64_t gemini_picture_tokens(const pricing::ImagePart& picture);

}  // namespace budget::wire
