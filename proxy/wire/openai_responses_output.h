// The output items of a Responses stream, kept so that a cut stream can end
// with all that has been said.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pricing/usage.h"
#include "proxy/wire/json.h"

namespace budget::wire {

// Keeps at most this much of an answer; what comes later is missing in the
// ending of a cut stream (the client has had it as events).
inline constexpr std::size_t kept_output_bytes_max = std::size_t{4} << 20;

// Fed with the events of one stream in order. Not thread-safe.
class ResponsesOutput {
 public:
  // Takes note of an event. REQUIRES: event.is_object().
  void on_event(std::string_view type, const JsonValue& event);

  // The events that end the stream for want of tokens: the open parts and items
  // are closed, then response.incomplete with everything so far. `model` is used
  // when the stream was cut before it said anything.
  [[nodiscard]] std::string ending(std::string_view model, const pricing::Usage& usage) const;

 private:
  // One text inside an item.
  struct Part {
    std::int64_t index;
    std::string type;  // "output_text", "refusal", "reasoning_text", "summary_text"
    std::string text;
    bool done;
  };
  struct Item {
    std::int64_t index;
    std::string json;  // as the provider sent it last
    std::string type;
    std::string id;
    std::string call;  // a tool call's arguments or input so far
    std::vector<Part> parts;
    bool done;
  };

  [[nodiscard]] Item* item_at(JsonElement event);
  [[nodiscard]] static Part* part_at(Item& item, JsonElement event, std::string_view index_name,
                                     std::string_view type);
  void on_item(const JsonValue& event, bool done);
  void on_delta(std::string_view type, JsonElement event);
  void on_done(std::string_view type, JsonElement event);
  bool keep(std::size_t bytes);

  static std::string part_json(const Part& part);
  static std::string parts_json(const Item& item, bool summaries);
  static std::string item_json(const Item& item);
  static void close_item(const Item& item, std::string& out, std::int64_t& sequence);

  std::string response_;  // the response object as it was first sent
  std::vector<Item> items_;
  std::int64_t sequence_ = -1;
  std::size_t kept_ = 0;
};

}  // namespace budget::wire
