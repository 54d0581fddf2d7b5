// What an Anthropic answer has told so far, whatever carries its events:
// server-sent events, or the chunks of Bedrock's InvokeModel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/wire/exclusive_usage.h"
#include "proxy/wire/format.h"
#include "proxy/wire/json.h"

namespace budget::wire {

// Source: Anthropic's reference, "Streaming messages" and "Messages"; usage in
// message_delta is cumulative, and replaces what message_start said field by
// field.
class AnthropicProgress {
 public:
  // One event of a stream, or a whole answer (`type` is "message"). Output text
  // is appended to `text`.
  void on_event(JsonElement event, Reading& reading, std::string& text);

  // Figures told beside the events, in other words: each that is set replaces.
  void on_figures(const ExclusiveUsage& figures, Reading& reading);

  // The events that end the answer as if it had run out of tokens: each one's
  // name and JSON. Empty when it has ended.
  [[nodiscard]] std::vector<std::pair<std::string_view, std::string>> ending(
      const pricing::Usage& usage, const Reading& reading) const;

 private:
  void on_usage(JsonElement usage, Reading& reading);
  void settle(Reading& reading) const;
  void on_message(JsonElement message, Reading& reading, std::string& text);
  void on_block(std::string_view type, JsonElement event, std::string& text);

  ExclusiveUsage usage_;
  ExclusiveUsage beside_;  // what the top level leaves out: see on_usage()
  std::vector<std::int64_t> open_blocks_;
  bool started_ = false;
  bool told_stop_reason_ = false;
  bool stopped_ = false;
};

// The text of content blocks, appended: visible, thinking and tool arguments.
void append_anthropic_text(JsonElement content, std::string& text);

}  // namespace budget::wire
