// What is said, and the events that say it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proxy/simulated/simulator.h"
#include "proxy/simulated/words.h"

namespace budget::simulated {

// A text that can be told in steps, or at once. Words are made while they are
// told; a fixed text (JSON, tool arguments) is told in slices. Copyable: a
// copy starts where the original stands.
class Text {
 public:
  Text() : Text(std::string()) {}
  explicit Text(std::string fixed) : source_(Fixed{std::move(fixed), 0}) {}
  explicit Text(Words words) : source_(words) {}

  // Appends up to `most` tokens (for a fixed text, about four bytes each, whole
  // characters), escaped for JSON. Returns the steps taken, 0 at the end.
  std::int64_t next(std::string& out, std::int64_t most);
  // Appends all that is left, escaped for JSON.
  void append_all(std::string& out) const;
  // How often next(out, 1) gives something.
  [[nodiscard]] std::int64_t steps() const;

 private:
  struct Fixed {
    std::string text;
    std::size_t at = 0;
  };
  std::variant<Fixed, Words> source_;
};

// How events stand in the body.
enum class Framing : std::uint8_t {
  sse,         // data: …
  sse_crlf,    // the same with CRLF, as Google sends it
  sse_named,   // event: TYPE, data: …
  ndjson,      // a line each
  json_array,  // one array, an element each
  aws,         // AWS event stream, the payload as it is
  aws_chunk,   // AWS event stream, the payload in base64 in a chunk event
};

// A stream's events in order: payloads known from the start, and texts that
// are told in as many events as they have steps.
class EventList final : public Events {
 public:
  explicit EventList(Framing framing) : framing_(framing) {}

  // A number that grows by the steps told: {`,"sequence_number":`, 5}.
  struct Counter {
    std::string label;
    std::int64_t value = 0;
  };

  void add(std::string_view type, std::string payload);
  // An event for each `tokens_each` tokens of `text`:
  // before + text + after + counters + end.
  struct Told {
    std::string type;
    std::string before;
    std::string after;
    std::vector<Counter> counters;
    std::string end;
    std::int64_t tokens_each = 1;
  };
  void tell(Told told, Text text);
  // One event with all of `text` in it, handed out in parts when it is long.
  // REQUIRES: an SSE framing.
  void add_whole(std::string_view type, std::string before, Text text, std::string after);
  // Bytes outside of any event.
  void raw(std::string bytes);

  bool next(std::string& out) override;
  [[nodiscard]] bool inside_event() const override { return inside_; }

 private:
  struct Item {
    enum class Kind : std::uint8_t { event, told, whole, raw } kind = Kind::event;
    Told told;  // of an event only `type` and `before`
    Text text;
  };

  bool tell_next(Item& item, std::string& out);
  bool whole_next(Item& item, std::string& out);
  void frame(std::string_view type, std::string_view payload, std::string& out);
  void open(std::string_view type, std::string& out);
  void close(std::string& out) const;

  Framing framing_;
  std::vector<Item> items_;
  std::size_t at_ = 0;
  bool inside_ = false;
  bool first_ = true;
  bool array_closed_ = false;
  std::string payload_;
};

}  // namespace budget::simulated
