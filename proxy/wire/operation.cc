#include "proxy/wire/format.h"

namespace budget::wire {

std::string_view name_of(Operation operation) {
  switch (operation) {
    case Operation::chat:
      return "chat";
    case Operation::text_completion:
      return "text_completion";
    case Operation::responses:
      return "responses";
    case Operation::generate_content:
      return "generate_content";
    case Operation::embeddings:
      return "embeddings";
    case Operation::image_generation:
      return "image_generation";
    case Operation::transcription:
      return "transcription";
    case Operation::translation:
      return "translation";
    case Operation::speech:
      return "speech";
    case Operation::rerank:
      return "rerank";
    case Operation::count_tokens:
      return "count_tokens";
    case Operation::moderation:
      return "moderation";
    case Operation::other:
      break;
  }
  return "other";
}

std::vector<std::string> metered_operation_names() {
  using enum Operation;
  std::vector<std::string> names;
  for (const Operation operation : {chat, text_completion, responses, generate_content, embeddings,
                                    image_generation, transcription, translation, speech, rerank}) {
    names.emplace_back(name_of(operation));
  }
  return names;
}

}  // namespace budget::wire
