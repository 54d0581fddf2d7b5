// What a request's pictures say of themselves, and base64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pricing/estimate.h"
#include "proxy/wire/json.h"

namespace budget::wire {

// Decodes base64 (standard or URL alphabet, padding optional, white space
// skipped) until `bytes_max` bytes are out. nullopt: a byte that is not of the
// alphabet stood before that.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text,
                                                       std::size_t bytes_max = SIZE_MAX);
[[nodiscard]] std::string encode_base64(std::string_view bytes);

// The size of a PNG, JPEG, GIF or WebP picture given in base64; width and
// height are 0 when its head does not tell. Reads at most the first 256 KiB.
[[nodiscard]] pricing::ImagePart picture_in(std::string_view base64);

// Whether `object` is an object in which no name stands twice: what is not
// might be one thing to us and another to the provider, which takes the last.
// An object with more than 32 members is taken for one that is not.
[[nodiscard]] bool says_each_thing_once(JsonElement object);

// What a request holds that is not text. Text is bounded by its bytes: no
// tokenizer has a token shorter than a byte, and each message's overhead is
// less than the bytes of its JSON.
struct MediaCount {
  std::size_t bytes = 0;    // of the body that are media, not text
  std::int64_t tokens = 0;  // no more than this for all of them
  bool unbounded = false;   // documents, video, stored files: their size cannot be seen

  // The bound for a body of `body_bytes` with `overhead` tokens of the format's own.
  [[nodiscard]] std::int64_t input_bound(std::size_t body_bytes, std::int64_t overhead) const;
};

}  // namespace budget::wire
