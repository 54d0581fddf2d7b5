// Reads the answers of Google's generateContent and of its embeddings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proxy/wire/json_event_reader.h"

namespace budget::wire {

// Each chunk's usageMetadata is the whole so far: the last one counts. Thoughts
// stand beside the candidates' tokens, cached tokens inside the prompt's.
// Source: Google's reference, "UsageMetadata".
class GeminiReader final : public JsonEventReader {
 public:
  explicit GeminiReader(Framing framing) : JsonEventReader(framing) {}

  [[nodiscard]] std::string cut_ending(const pricing::Usage& usage) const override;

 private:
  void on_json(std::string_view name, JsonElement event) override;
  void on_answer(JsonElement answer);
  void on_usage(JsonElement usage);
  void on_candidate(JsonElement candidate);
  void on_prediction(JsonElement prediction);

  // How many candidates there are, and which have said why they stopped.
  std::vector<bool> ended_;
  bool wrapped_ = false;  // the answer stands in a `response` member
  bool blocked_ = false;  // the prompt was refused: there will be no candidates
};

}  // namespace budget::wire
