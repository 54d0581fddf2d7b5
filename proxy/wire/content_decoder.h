// Decoding a copy of a compressed body, to read usage from it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace budget::wire {

enum class DecodeStatus : std::uint8_t {
  more,       // everything so far decoded; the body goes on
  done,       // the encoding's own end was seen; bytes behind it are ignored
  malformed,  // not what it says it is, or it expands absurdly; nothing more comes
};

// Decodes one body as its bytes pass. Gives its output in pieces of at most
// 64 KiB, so that memory is bounded whatever is expanded; a body that expands
// beyond 16 MiB + 256 times its size is malformed (ordinary text stays below
// 30 times). Never throws. Not thread-safe.
class ContentDecoder {
 public:
  using Sink = std::function<void(std::string_view decoded)>;

  virtual ~ContentDecoder() = default;
  // Decodes `bytes`, which may be split anywhere, calling `sink` for each
  // piece, whose bytes live during the call.
  virtual DecodeStatus feed(std::string_view bytes, const Sink& sink) = 0;
};

// A decoder for a content-encoding: gzip, x-gzip, deflate (with or without its
// zlib wrapping), br, zstd, in any case. nullptr for any other, "identity", and
// several at once.
[[nodiscard]] std::unique_ptr<ContentDecoder> make_content_decoder(std::string_view encoding);

}  // namespace budget::wire
