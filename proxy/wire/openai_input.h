// How much input an OpenAI request has: a quick upper bound, and the parts
// for a count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pricing/estimate.h"
#include "proxy/wire/format.h"
#include "proxy/wire/json.h"

namespace budget::wire {

// What messages hold that is not text.
struct MediaBound {
  std::size_t bytes = 0;    // of the body that are media, not text
  std::int64_t tokens = 0;  // no more than this for all of them
  std::int64_t audio_milliseconds = 0;
  bool unbounded = false;  // documents, video, stored files: their size cannot be seen
};

// Adds the media in `messages` (chat's `messages`, or responses' `input`).
void add_media(JsonElement messages, std::string_view model, MediaBound& bound);

// The most tokens that a picture of unknown size is counted as by `model`.
// Source: OpenAI's guide "Images and vision", section "Calculating costs".
[[nodiscard]] std::int64_t image_tokens_max(std::string_view model, bool low_detail);

// Input tokens are never more than this: no tokenizer has a token shorter than
// a byte, and each message's overhead is less than the bytes of its JSON.
[[nodiscard]] std::int64_t input_bound_of(std::size_t body_bytes, const MediaBound& media);

// The countable parts of a chat, completion, responses or embeddings body. A
// bare text that a Responses call gives as its input is a user's message.
// REQUIRES: facts() accepted it.
[[nodiscard]] pricing::InputParts openai_input_parts(const JsonValue& body, Operation operation);

// Source of the figures for sound: a token is 100 ms for OpenAI's models, 31 ms
// for Gemini's; no codec in use is below 4 kbit/s.
inline constexpr std::int64_t milliseconds_per_audio_token_min = 25;
inline constexpr std::int64_t audio_milliseconds_per_byte_max = 2;
// The longest that `bytes` of sound can last; a WAV file says it itself.
[[nodiscard]] std::int64_t audio_milliseconds_max(std::string_view bytes);

}  // namespace budget::wire
