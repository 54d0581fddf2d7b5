// What a call consumed, in buckets that do not overlap.
#pragma once

#include <cstdint>

#include "pricing/quantity.h"

namespace budget::pricing {

// Providers report overlapping figures ("prompt tokens, of which cached");
// each wire format turns its own into these disjoint buckets once, and nothing
// later has to know who counts what inside what. All values are >= 0.
struct Usage {
  // Input. `input` is what is in no other bucket: fresh text.
  Tokens input;
  Tokens cache_read;
  Tokens cache_write_5m;  // the provider's default time to live
  Tokens cache_write_1h;
  Tokens audio_input;
  Tokens image_input;
  // Output. `output` is visible text (and tool calls).
  Tokens output;
  Tokens reasoning;
  Tokens audio_output;
  Tokens image_output;
  // What is not billed by the token.
  std::int64_t images = 0;              // images generated
  std::int64_t audio_milliseconds = 0;  // audio billed by duration
  std::int64_t characters = 0;          // text billed by the character (speech)
  std::int64_t search_units = 0;        // rerank, server-side search

  [[nodiscard]] constexpr Tokens input_total() const {
    return input + cache_read + cache_write_5m + cache_write_1h + audio_input + image_input;
  }
  [[nodiscard]] constexpr Tokens output_total() const {
    return output + reasoning + audio_output + image_output;
  }
  [[nodiscard]] constexpr Tokens total() const { return input_total() + output_total(); }

  friend bool operator==(const Usage&, const Usage&) = default;
};

}  // namespace budget::pricing
