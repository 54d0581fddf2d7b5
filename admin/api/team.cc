// The team's chat.
#include "admin/api/handlers.h"
#include "admin/live/team_chat.h"

namespace budget::admin {

Answer list_team_messages(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);
  auto list = [&chat = context.services.chat] { return chat.latest(); };
  const auto messages = co_await run_blocking(context.services.pool, std::move(list));
  if (!messages) co_return failure(store_failed("it is away"));
  json::array items;
  for (const json::object& message : part_of(*messages, page)) items.emplace_back(message);
  co_return listing(std::move(items), static_cast<std::int64_t>(messages->size()), page);
}

Answer post_team_message(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  // Not Input::text(), which wants one line.
  const std::optional<std::string> text = input->raw_text("text");
  if (const auto problem = TeamChat::problem_in(text.value_or(""))) {
    input->complain("text", text ? *problem : "is required");
  }
  if (const auto problem = input->problem()) co_return failure(*problem);
  auto say = [&chat = context.services.chat, author = context.principal, text = *text,
              now = context.now] { return chat.say(author, text, now); };
  auto message = co_await run_blocking(context.services.pool, std::move(say));
  if (!message) co_return failure(store_failed("it is away"));
  co_return success(std::move(*message), 201);
}

}  // namespace budget::admin
