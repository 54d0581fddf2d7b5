// The part of a reader that is the same for every format whose events are
// JSON objects in text.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/wire/event_stream_reader.h"
#include "proxy/wire/json.h"

namespace budget::wire {

enum class Framing : std::uint8_t { plain, sse, ndjson, json_array };

// How an answer is framed. `streamed` is how this format streams, when it was
// asked to; a content type of text/event-stream or NDJSON says so itself, and
// an answer said to be JSON is plain unless `streamed` is the JSON array.
[[nodiscard]] Framing framing_of(const ReaderOptions& options, Framing streamed);

// Calls on_json() for each event that is a JSON object. A body in which there
// is none is malformed; a plain one that was read whole is finished.
class JsonEventReader : public EventStreamReader {
 protected:
  explicit JsonEventReader(Framing framing);

  // One event; `name` is the SSE event's, "" when there is none. The element
  // lives during the call only.
  virtual void on_json(std::string_view name, JsonElement event) = 0;

  [[nodiscard]] Framing framing() const { return framing_; }

 private:
  [[nodiscard]] Verdict on_event(const Event& event) final;
  void on_end() final;

  Framing framing_;
  bool understood_ = false;
};

// "batch", "flex", "priority" (or "fast", which costs as dearly), else standard.
[[nodiscard]] pricing::ServiceTier tier_named(std::string_view name);

// The message of an error object, or the text of an error that is a string.
[[nodiscard]] std::string error_message(JsonElement error);

}  // namespace budget::wire
