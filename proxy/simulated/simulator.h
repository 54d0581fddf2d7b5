// The built-in provider: answers every wire format, offline and always the
// same. Pure; proxy/simulated/connection.h plays what it says over time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace budget::simulated {

// The X-Simulate-* headers or the configuration's `simulated:` keys; a header
// wins over the configuration.
struct Steering {
  std::optional<std::int64_t> output_tokens;  // reasoning included, except Gemini's
  std::int64_t cached_tokens = 0;             // of the prompt's
  std::int64_t reasoning_tokens = 0;
  std::chrono::milliseconds latency{};       // before the first byte
  std::chrono::milliseconds gap{};           // between events
  std::size_t chunk_bytes = 0;               // 0: one event a write
  int status = 200;                          // else the format's error body
  std::optional<std::uint64_t> break_after;  // body bytes, then the connection drops
  std::optional<std::uint64_t> stall_after;  // body bytes, then silence
  bool usage_missing = false;
};

struct Request {
  std::string method;
  std::string path;  // without query, as received
  std::string query;
  std::vector<std::pair<std::string, std::string>> headers;  // names lower-case
  std::string body;
};

// Reads the x-simulate-* headers over `defaults`. Unreadable values are
// ignored.
[[nodiscard]] Steering steering_of(const Request& request, const Steering& defaults);

// One piece of the answer's body, to be written after a pause.
struct Piece {
  std::chrono::milliseconds after{};
  std::string_view bytes;  // never empty; valid until the next call of next()
};

enum class Ending : std::uint8_t {
  complete,         // the body is whole
  connection_drop,  // close the connection without finishing the body
  silence,          // keep it open and write nothing more
};

// What a streamed body is made from, one event at a time.
class Events {
 public:
  virtual ~Events() = default;
  // Appends the next event, or a part of a very long one, to `out`. Returns
  // false, with nothing appended, when there is none left.
  virtual bool next(std::string& out) = 0;
  // Whether what next() will append continues the event before it.
  [[nodiscard]] virtual bool inside_event() const = 0;
};

// An answer's body, made as it is asked for: a stream of any length needs only
// the memory of one piece. Move-only; not thread-safe; needs neither the
// Request nor the Steering once it is made.
class Script {
 public:
  Script() = default;
  Script(std::string whole_body, const Steering& steering);
  Script(std::unique_ptr<Events> events, const Steering& steering);

  // The next piece; nullopt when nothing more is to be written.
  [[nodiscard]] std::optional<Piece> next();
  // How it ended. Only meaningful once next() has returned nullopt.
  [[nodiscard]] Ending ending() const { return ending_; }

 private:
  bool pull();
  std::string_view cut(std::string_view bytes);

  std::unique_ptr<Events> events_;  // null: what is in pending_ is all
  std::string pending_;             // pulled, from taken_ on not yet handed out
  std::size_t taken_ = 0;
  std::chrono::milliseconds pause_{};  // due before the next piece
  std::chrono::milliseconds gap_{};
  std::size_t chunk_bytes_ = 0;
  std::optional<std::uint64_t> left_;  // bytes until the steered ending
  Ending steered_ = Ending::complete;
  Ending ending_ = Ending::complete;
  bool started_ = false;
  bool ended_ = false;
};

struct Answer {
  int status = 200;
  // content-type, ids; no framing headers.
  std::vector<std::pair<std::string, std::string>> headers;
  std::chrono::milliseconds latency{};
  bool streamed = false;             // sent chunked; otherwise with content_length
  std::uint64_t content_length = 0;  // of the whole body, even if the script breaks off earlier
  Script body;
};

// The same request and steering give the same answer, byte for byte. Asking
// for a stream, for its usage or for another ceiling does not change the words,
// only how they are told and where they end. The text is made of ordinary
// words; its token count and the prompt's are exact for OpenAI's encodings.
// Never says more than the request's ceiling, and ends as the format does when
// the ceiling is reached. Thread-safe. Cost: linear in the request, plus the
// answer when it is not streamed.
[[nodiscard]] Answer answer(const Request& request, const Steering& steering);

}  // namespace budget::simulated
