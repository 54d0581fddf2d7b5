#include "proxy/telemetry/semantic_names.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace budget::telemetry {
namespace {

using Word = std::pair<std::string_view, std::string_view>;

std::string_view translated(std::span<const Word> words, std::string_view ours) {
  const auto found = std::ranges::find(words, ours, &Word::first);
  return found == words.end() ? ours : found->second;
}

}  // namespace

std::string_view gen_ai_provider(std::string_view catalog_id) {
  static constexpr std::array<Word, 6> words{{{"azure", "azure.ai.openai"},
                                              {"bedrock", "aws.bedrock"},
                                              {"google", "gcp.gemini"},
                                              {"mistral", "mistral_ai"},
                                              {"moonshotai", "moonshot_ai"},
                                              {"xai", "x_ai"}}};
  return translated(words, catalog_id);
}

std::string_view gen_ai_operation(std::string_view operation) {
  static constexpr std::array<Word, 1> words{{{"responses", "chat"}}};
  return translated(words, operation);
}

}  // namespace budget::telemetry
