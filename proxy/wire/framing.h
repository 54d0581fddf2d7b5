// Cutting a response body into events, whatever the framing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace budget::wire {

// One event of a body. Its views live during on_event() only.
struct Event {
  std::string_view name;            // SSE `event:`, AWS `:event-type`; "" when there is none
  std::string_view data;            // SSE data lines joined by '\n'; an NDJSON line; a JSON text
  std::size_t readable_behind = 0;  // bytes behind `data` that may be read (for parse_json)
};

// What becomes of an event.
enum class Verdict : std::uint8_t {
  keep,    // the client gets it
  drop,    // the client does not get it
  unread,  // not understood: perhaps it is only a part; passed on in the end
};

class EventSink {
 public:
  [[nodiscard]] virtual Verdict on_event(const Event& event) = 0;

 protected:
  ~EventSink() = default;
};

// Finds the events in bytes that arrive split anywhere, and calls the sink for
// each, as soon as it is whole. The calls are the same for every split. With
// `out`, appends every byte that may go to the client now, but for those of
// dropped events; without, only reads, and copies nothing but an event that
// spans two feeds. Of one body, either always or never with `out`.
//
// Keeps at most one event, no longer than event_bytes_max (plain bodies:
// plain_body_bytes_max); a longer one is passed on and never reported.
class Splitter {
 public:
  virtual ~Splitter() = default;
  virtual void feed(std::string_view bytes, EventSink& sink, std::string* out) = 0;
  // The body has ended; what was kept is reported if it can be and passed on.
  virtual void finish(EventSink& sink, std::string* out) = 0;
  // What has to stand between the bytes passed on so far and one more event.
  // Found with `out` only.
  [[nodiscard]] virtual std::string_view separator() const { return {}; }
};

// Server-sent events: lines ended by LF, CR LF or CR, comments, a byte order
// mark, `data:` with or without a space. A data line that the sink understands
// by itself is an event, so that servers which put no blank line between their
// events are read too; lines that it does not understand are joined, as the
// standard says, at the blank line.
[[nodiscard]] std::unique_ptr<Splitter> make_sse_splitter();
// One JSON text a line.
[[nodiscard]] std::unique_ptr<Splitter> make_ndjson_splitter();
// One JSON array, each element an event (Gemini without alt=sse); a text that
// is no array is one event.
[[nodiscard]] std::unique_ptr<Splitter> make_json_array_splitter();
// The whole body is one event, reported by finish(); its bytes pass at once.
[[nodiscard]] std::unique_ptr<Splitter> make_plain_collector();

// Whether a content type (its parameters and case ignored) is `type`.
[[nodiscard]] bool is_content_type(std::string_view content_type, std::string_view type);

}  // namespace budget::wire
