// Whose body a Bedrock model takes in InvokeModel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace budget::wire {

enum class BedrockShape : std::uint8_t {
  anthropic,
  nova,
  titan,
  llama,
  mistral,
  cohere,
  chat_completions,  // AI21, OpenAI, DeepSeek, Qwen, … : OpenAI's shape
  embedding,
  opaque,       // an ARN that does not tell the model: read what can be read
  unmeterable,  // pictures, video, sound, reranking: not billed by the token
};

// One row of the vendor table; adding a vendor is adding a row.
struct BedrockVendor {
  std::string_view prefix;  // of the model's id, without a region
  BedrockShape shape = BedrockShape::opaque;
  std::string_view holder;        // the member that holds the ceiling; "" for the body itself
  std::string_view ceiling;       // "" when there is none
  std::string_view also_ceiling;  // its other name, "" for none
  std::string_view choices;       // how many answers; "" for always one
};

// The row of a model ("us.anthropic.claude-…" is Anthropic's); the opaque one
// when nothing fits. Never fails.
[[nodiscard]] const BedrockVendor& bedrock_vendor_of(std::string_view model);

// The model's id of what the path names: the last part of the ARN of a
// foundation model or of a region's inference profile; else what it is.
[[nodiscard]] std::string bedrock_model_of(std::string_view id);

}  // namespace budget::wire
