// How many input tokens a request has, before it is sent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pricing/quantity.h"

namespace budget::pricing {

// A picture in a request, as far as the request itself tells.
struct ImagePart {
  std::int32_t width = 0;  // pixels; 0 when unknown (a URL)
  std::int32_t height = 0;
  bool low_detail = false;
};

// The countable parts of a request's input. Filled by a wire format, only when
// an exact count is wanted: making it copies the text.
struct InputParts {
  struct Message {
    std::string role;
    std::string name;                // "" when the message has none
    std::vector<std::string> texts;  // decoded text, in order
  };
  std::vector<Message> messages;
  std::vector<std::string> texts;         // input that is not a message (prompts, embeddings, instructions)
  std::vector<std::string> tool_schemas;  // each tool's JSON, as sent
  std::vector<ImagePart> images;
  std::int64_t token_ids = 0;           // input given as token ids
  std::int64_t audio_milliseconds = 0;  // upper bound
  std::int64_t file_bytes = 0;          // documents attached
};

// Whose rules turn parts into tokens.
enum class Vendor : std::uint8_t { openai, anthropic, google, other };

struct InputCount {
  Tokens tokens;
  // Whether `tokens` is the provider's own figure by its published rules: a
  // known encoding and nothing but text. Otherwise it is an upper bound.
  bool exact = false;
};

// Counts `parts` for `model`. With an OpenAI encoding the text is tokenised;
// for other models the count is an upper bound: see docs/decisions.
// Cost: linear in the text. Thread-safe.
[[nodiscard]] InputCount count_input(const InputParts& parts, Vendor vendor, std::string_view model);

}  // namespace budget::pricing
