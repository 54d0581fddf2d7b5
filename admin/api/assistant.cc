// The assistant's chat.
#include "admin/api/handlers.h"
#include "admin/assistant/chat.h"

namespace budget::admin {
namespace {

constexpr std::size_t text_bytes_most = 16U << 10;
constexpr std::size_t turns_most = 40;

std::string said_text(Input& input, std::string_view name, bool required) {
  std::string text = input.raw_text(name).value_or("");
  if (text.empty() && required) input.complain(name, "is required");
  if (text.size() > text_bytes_most) input.complain(name, "must be at most 16 KiB");
  return text;
}

std::vector<Turn> read_turns(Input& input) {
  std::vector<Turn> turns;
  std::vector<Input> messages = input.objects("messages");
  if (input.has("message") == input.has("messages")) {
    input.complain("message", "is required, or messages");
  }
  for (Input& message : messages) {
    const std::string role = message.choice("role", {"user", "assistant"});
    const bool assistant = role == "assistant";
    turns.push_back({assistant ? Turn::Who::assistant : Turn::Who::user,
                     said_text(message, "content", true),
                     {},
                     ""});
    input.adopt(message, "messages");
  }
  std::string said = said_text(input, "message", input.has("message"));
  if (!said.empty()) turns.push_back({Turn::Who::user, std::move(said), {}, ""});
  if (turns.size() > turns_most) input.complain("messages", "must be at most 40");
  if (input.has("messages") && messages.empty()) input.complain("messages", "must not be empty");
  if (!turns.empty() && turns.back().who != Turn::Who::user) {
    input.complain("messages", "must end with the user's");
  }
  return turns;
}

}  // namespace

Answer chat_with_assistant(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  std::vector<Turn> turns = read_turns(*input);
  if (const auto problem = input->problem()) co_return failure(*problem);
  auto chat = std::make_shared<Chat>(context.services, context.principal, std::move(turns));
  ApiResponse response;
  response.content_type = "text/event-stream";
  response.headers.emplace_back("cache-control", "no-store");
  response.source = [chat] { return chat->next(); };
  co_return response;
}

}  // namespace budget::admin
