#include "proxy/wire/bedrock_vendor.h"

namespace budget::wire {
namespace {

// Source: Amazon Bedrock's user guide, "Inference request parameters and
// response fields for foundation models". The first row that fits counts.
constexpr BedrockVendor vendors[] = {
    {"anthropic.", BedrockShape::anthropic, "", "max_tokens", "", ""},
    {"amazon.nova-canvas", BedrockShape::unmeterable, "", "", "", ""},
    {"amazon.nova-reel", BedrockShape::unmeterable, "", "", "", ""},
    {"amazon.nova-sonic", BedrockShape::unmeterable, "", "", "", ""},
    {"amazon.nova-2-sonic", BedrockShape::unmeterable, "", "", "", ""},
    {"amazon.nova-2-multimodal-embed", BedrockShape::unmeterable, "", "", "", ""},
    {"amazon.nova", BedrockShape::nova, "inferenceConfig", "maxTokens", "max_new_tokens", ""},
    {"amazon.titan-image", BedrockShape::unmeterable, "", "", "", ""},
    {"amazon.titan-embed-image", BedrockShape::unmeterable, "", "", "", ""},
    {"amazon.titan-embed", BedrockShape::embedding, "", "", "", ""},
    {"amazon.titan", BedrockShape::titan, "textGenerationConfig", "maxTokenCount", "", ""},
    {"amazon.rerank", BedrockShape::unmeterable, "", "", "", ""},
    {"meta.", BedrockShape::llama, "", "max_gen_len", "", ""},
    {"mistral.", BedrockShape::mistral, "", "max_tokens", "", ""},
    {"cohere.embed", BedrockShape::embedding, "", "", "", ""},
    {"cohere.rerank", BedrockShape::unmeterable, "", "", "", ""},
    {"cohere.", BedrockShape::cohere, "", "max_tokens", "", "num_generations"},
    {"ai21.j2", BedrockShape::chat_completions, "", "maxTokens", "", "numResults"},
    {"ai21.", BedrockShape::chat_completions, "", "max_tokens", "", "n"},
    {"openai.", BedrockShape::chat_completions, "", "max_completion_tokens", "max_tokens", "n"},
    {"deepseek.", BedrockShape::chat_completions, "", "max_tokens", "", "n"},
    {"qwen.", BedrockShape::chat_completions, "", "max_tokens", "", "n"},
    {"moonshot", BedrockShape::chat_completions, "", "max_tokens", "", "n"},
    {"minimax.", BedrockShape::chat_completions, "", "max_tokens", "", "n"},
    {"writer.", BedrockShape::chat_completions, "", "max_tokens", "", "n"},
    {"stability.", BedrockShape::unmeterable, "", "", "", ""},
    {"luma.", BedrockShape::unmeterable, "", "", "", ""},
    {"twelvelabs.", BedrockShape::unmeterable, "", "", "", ""},
};
constexpr BedrockVendor opaque_vendor{};

const BedrockVendor* row_of(std::string_view model) {
  for (const BedrockVendor& vendor : vendors) {
    if (model.starts_with(vendor.prefix)) return &vendor;
  }
  return nullptr;
}

}  // namespace

const BedrockVendor& bedrock_vendor_of(std::string_view model) {
  if (model.starts_with("arn:")) return opaque_vendor;
  if (const BedrockVendor* row = row_of(model)) return *row;
  // us., eu., apac., global., …: an inference profile over regions.
  const std::size_t dot = model.find('.');
  if (dot != std::string_view::npos) {
    if (const BedrockVendor* row = row_of(model.substr(dot + 1))) return *row;
  }
  return opaque_vendor;
}

std::string bedrock_model_of(std::string_view id) {
  if (!id.starts_with("arn:")) return std::string(id);
  const std::size_t slash = id.rfind('/');
  if (slash == std::string_view::npos) return std::string(id);
  const std::string_view resource = id.substr(0, slash);
  if (resource.ends_with(":foundation-model") || resource.ends_with(":inference-profile")) {
    return std::string(id.substr(slash + 1));
  }
  // An application's profile or a provisioned model: its name says nothing.
  return std::string(id);
}

}  // namespace budget::wire
