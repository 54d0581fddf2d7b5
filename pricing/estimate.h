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
// an exact count is wanted: making it copies the text. Text that becomes a turn
// of a conversation (also a Responses `input` that is a plain string) belongs
// in `messages`; a text beside messages is counted as one more message.
struct InputParts {
  struct Message {
    std::string role;
    std::string name;                // "" when the message has none
    std::vector<std::string> texts;  // decoded text, in order
  };
  std::vector<Message> messages;
  std::vector<std::string>
      texts;  // input that is not a message (prompts, embeddings, instructions)
  std::vector<std::string> tool_schemas;  // each tool's JSON, as sent
  std::vector<ImagePart> images;
  std::int64_t token_ids = 0;           // input given as token ids
  std::int64_t audio_milliseconds = 0;  // upper bound
  std::int64_t file_bytes = 0;          // documents attached
};

// Whose rules turn parts into tokens.
enum class Vendor : std::uint8_t { openai, anthropic, google, other };

struct InputCount {
  // What to hold for the call.
  Tokens tokens;
  // Whether `tokens` is the provider's own figure by its published rules: a
  // known encoding and nothing but text. Otherwise it is an upper bound.
  bool exact = false;
  // Our own count of the same input, with o200k_base where the encoding is not
  // known: what Calibration scales, and what it is to be taught with.
  Tokens local;
};

// Counts `parts` for `model`.
//
// OpenAI, a known encoding: text is tokenised, messages have OpenAI's documented
// overhead, images its published rules for their size or, where that is not
// known, for the largest; tools count as the greater of OpenAI's published
// estimate and their JSON, audio as 10 tokens a second, files as a token a byte.
//
// Any other: an upper bound that needs no knowledge of the tokenizer. A
// tokenizer that falls back to bytes never makes more tokens than a text has
// bytes, so text counts as its bytes, plus generous allowances for what the
// provider writes around messages and tools. No tighter factor is safe for
// every text (a script that one vocabulary covers well is spelled out in bytes
// by another), so it is tightened by what the provider reports:
//   Calibration::bound(provider, model, count.local, count.tokens) unless exact.
//
// Cost: linear in the text. Thread-safe.
[[nodiscard]] InputCount count_input(const InputParts& parts, Vendor vendor,
                                     std::string_view model);

}  // namespace budget::pricing
