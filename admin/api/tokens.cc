// How many tokens a text is.
#include "admin/api/handlers.h"
#include "admin/token_count.h"
#include "pricing/estimate.h"
#include "pricing/tokens/count.h"

namespace budget::admin {
namespace {

using pricing::Encoding;

struct TokenQuestion {
  std::string model;
  std::optional<Encoding> encoding;  // as named, else the model's
  std::optional<std::string> text;
  std::vector<pricing::InputParts::Message> messages;
};

pricing::InputParts::Message read_message(Input& part) {
  pricing::InputParts::Message message;
  message.role = part.required_text("role");
  message.name = part.text("name");
  message.texts.push_back(part.raw_text("content").value_or(""));
  return message;
}

TokenQuestion read_question(Input& input) {
  TokenQuestion question;
  question.model = input.text("model");
  const std::string encoding = input.choice("encoding", {"o200k_base", "cl100k_base"});
  question.encoding =
      encoding.empty() ? pricing::encoding_of(question.model) : pricing::encoding_named(encoding);
  if (question.model.empty() && encoding.empty()) {
    input.complain("model", "or encoding is required");
  }
  question.text = input.raw_text("text");
  const bool has_messages = input.has("messages");
  for (Input& part : input.objects("messages")) {
    question.messages.push_back(read_message(part));
    input.adopt(part, "messages[" + std::to_string(question.messages.size() - 1) + "]");
  }
  if (question.text.has_value() == has_messages) {
    input.complain("text", "or messages is required, and not both");
  }
  if (has_messages && question.model.empty()) {
    input.complain("model", "is required with messages, whose overhead depends on it");
  }
  return question;
}

json::object counted(const TokenQuestion& question) {
  json::object object{{"model", question.model}};
  object["encoding"] =
      question.encoding ? json::value(pricing::name_of(*question.encoding)) : json::value(nullptr);
  if (question.text && question.encoding) {
    object["tokens"] = pricing::count_tokens(*question.encoding, *question.text).value();
    object["method"] = "exact";
    return object;
  }
  pricing::InputParts parts;
  if (question.text) parts.texts.push_back(*question.text);
  parts.messages = question.messages;
  const auto count = pricing::count_input(parts, vendor_of(question.model), question.model);
  // The estimate is what such a text usually is; the bound is what a call with
  // it would be held at.
  object["tokens"] = count.exact ? count.tokens.value() : count.local.value();
  object["method"] = count.exact ? "exact" : "estimated";
  object["upper_bound"] = count.tokens.value();
  return object;
}

}  // namespace

Answer count_tokens(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  TokenQuestion question = read_question(*input);
  if (const auto problem = input->problem()) co_return failure(*problem);
  // A large text takes milliseconds, which a worker's other calls would wait.
  auto count = [question = std::move(question)] { return counted(question); };
  co_return success(co_await run_blocking(context.services.pool, std::move(count)));
}

}  // namespace budget::admin
