// Reads the facts out of OpenAI-format request bodies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>

#include "proxy/wire/format.h"
#include "proxy/wire/json.h"

namespace budget::wire {

// More choices than this in one call are refused as absurd.
inline constexpr std::int64_t choices_max = std::int64_t{1} << 16;

using Facts = std::expected<RequestFacts, std::string>;

// Chat, and completions of a prompt. Both ceilings present: the larger counts,
// for vendors differ in which they heed.
[[nodiscard]] Facts openai_chat_facts(const Route& route, const JsonValue& body,
                                      std::size_t body_bytes);
[[nodiscard]] Facts openai_responses_facts(const Route& route, const JsonValue& body,
                                           std::size_t body_bytes);
[[nodiscard]] Facts openai_embeddings_facts(const Route& route, const JsonValue& body,
                                            std::size_t body_bytes);
// Image generation, and edits and variations whose body is JSON.
[[nodiscard]] Facts openai_images_facts(const Route& route, const JsonValue& body,
                                        std::size_t body_bytes);
[[nodiscard]] Facts openai_speech_facts(const Route& route, const JsonValue& body,
                                        std::size_t body_bytes);
// Calls whose body is a form: transcriptions, translations, image edits and
// variations.
[[nodiscard]] Facts openai_form_facts(const Route& route, const RequestView& request);

// The most output tokens of one generated picture: OpenAI's published table by
// quality for 1024 x 1024 and the two oblong sizes, by area for others.
// `size` and `quality` as in the request, "" when absent.
[[nodiscard]] std::int64_t generated_image_tokens_max(std::string_view size,
                                                      std::string_view quality);

}  // namespace budget::wire
