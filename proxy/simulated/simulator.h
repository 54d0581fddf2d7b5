// The built-in provider: answers every wire format, offline and always the
// same. Pure; proxy/simulated/connection.h plays what it says over time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace budget::simulated {

// The X-Simulate-* headers or the configuration's `simulated:` keys; a header
// wins over the configuration.
struct Steering {
  std::optional<std::int64_t> output_tokens;
  std::int64_t cached_tokens = 0;
  std::int64_t reasoning_tokens = 0;
  std::chrono::milliseconds latency{};  // before the first byte
  std::chrono::milliseconds gap{};      // between events
  std::size_t chunk_bytes = 0;          // 0: one event a write
  int status = 200;                     // else the format's error body
  std::optional<std::uint64_t> break_after;  // body bytes, then the connection drops
  std::optional<std::uint64_t> stall_after;  // body bytes, then silence
  bool usage_missing = false;
};

struct Request {
  std::string method;
  std::string path;   // without query
  std::string query;
  std::vector<std::pair<std::string, std::string>> headers;  // names lower-case
  std::string body;
};

// Reads the x-simulate-* headers over `defaults`. Unreadable values are
// ignored.
[[nodiscard]] Steering steering_of(const Request& request, const Steering& defaults);

// One piece of the answer's body, after a pause.
struct Piece {
  std::chrono::milliseconds after{};
  std::string bytes;
};

enum class Ending : std::uint8_t { complete, connection_drop, silence };

struct Answer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  // content-type, ids; no framing headers
  std::chrono::milliseconds latency{};
  std::vector<Piece> pieces;
  bool streamed = false;  // sent chunked; otherwise with a content-length
  Ending ending = Ending::complete;
};

// The same request and steering give the same answer, byte for byte. The
// text is made of ordinary words; its token count and the prompt's are exact
// for OpenAI's encodings. Never says more than the request's ceiling, and ends
// as the format does when the ceiling is reached.
[[nodiscard]] Answer answer(const Request& request, const Steering& steering);

}  // namespace budget::simulated
