// What a Bedrock answer has told so far, and how it is ended.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/wire/anthropic_progress.h"
#include "proxy/wire/bedrock_body.h"
#include "proxy/wire/bedrock_vendor.h"
#include "proxy/wire/exclusive_usage.h"
#include "proxy/wire/format.h"
#include "proxy/wire/json.h"

namespace budget::wire {

// Source: Bedrock's API reference (Converse, ConverseStream, InvokeModel) and
// its user guide's page of each vendor. Every figure replaces an earlier one
// of the same name, so that those which a last chunk repeats count once.
class BedrockProgress {
 public:
  BedrockProgress(const Route& route, const ResponseView& response, Reading& reading);

  // A whole answer.
  void on_answer(JsonElement answer, Reading& reading, std::string& text);
  // One event of ConverseStream, by its type.
  void on_converse_event(std::string_view type, JsonElement event, Reading& reading,
                         std::string& text);
  // The JSON in a chunk of InvokeModelWithResponseStream.
  void on_chunk(JsonElement chunk, Reading& reading, std::string& text);

  // The frames that end the answer as if it had run out of tokens.
  [[nodiscard]] std::string ending(const pricing::Usage& usage, const Reading& reading) const;

 private:
  void on_usage(JsonElement usage, Reading& reading);
  void settle(const ExclusiveUsage& figures, Reading& reading);
  [[nodiscard]] std::string converse_ending(const pricing::Usage& usage) const;
  [[nodiscard]] std::string invoke_ending(const pricing::Usage& usage,
                                          const Reading& reading) const;

  BedrockCall call_;
  BedrockShape shape_;
  ExclusiveUsage usage_;
  std::int64_t total_ = 0;  // totalTokens, where it is told
  AnthropicProgress anthropic_;
  std::vector<std::int64_t> open_blocks_;
  bool started_ = false;
  bool told_stop_reason_ = false;
};

}  // namespace budget::wire
