// Reads the answers of Cohere's chat, embed and rerank.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/wire/json_event_reader.h"

namespace budget::wire {

// `billed_units` is what costs; `tokens` (which counts Cohere's own preamble
// too) is read where there are no billed units. Figures may be floats.
// Source: Cohere's reference, "Chat" and "Chat with streaming".
class CohereReader final : public JsonEventReader {
 public:
  explicit CohereReader(Framing framing) : JsonEventReader(framing) {}

  [[nodiscard]] std::string cut_ending(const pricing::Usage& usage) const override;

 private:
  void on_json(std::string_view name, JsonElement event) override;
  void on_answer(JsonElement answer);
  void on_usage(JsonElement usage);
  // Remembers what has begun and not ended: its index and its closing event.
  void track(std::string_view type, JsonElement event);

  struct OpenItem {
    std::int64_t index = 0;
    std::string_view closing;
  };
  std::vector<OpenItem> open_;
  bool started_ = false;
};

}  // namespace budget::wire
