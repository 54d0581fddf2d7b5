#include "admin/live/team_chat.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "admin/time_text.h"
#include "admin/utf8.h"
#include "policy/rfc3339.h"

namespace budget::admin {
namespace {

json::object message_of(const StateEntry& entry) {
  boost::system::error_code ignored;
  const json::value body = json::parse(entry.body, ignored);
  json::object message{{"id", entry.sequence}};
  if (body.is_object()) {
    for (const auto& [name, value] : body.get_object()) message[name] = value;
  }
  return message;
}

policy::Time time_of(const json::object& message) {
  const json::value* text = message.if_contains("timestamp");
  if (!text || !text->is_string()) return {};
  return parse_time(text->get_string()).value_or(policy::Time{});
}

}  // namespace

TeamChat::TeamChat(StateStore& state, EventSink& events)
    : state_(state),
      events_(events),
      tail_(state, std::string(log), [this](const StateEntry& entry) {
        json::object message = message_of(entry);
        const policy::Time said_at = time_of(message);
        events_.publish({Topic::updates, "team_message", std::move(message), said_at});
      }) {}

std::optional<std::string> TeamChat::problem_in(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return "is empty";
  if (text.size() > text_bytes_max) {
    return "is longer than " + std::to_string(text_bytes_max) + " bytes";
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) {
      return "holds a control character";
    }
  }
  return std::nullopt;
}

StateStore::Result<json::object> TeamChat::say(const Principal& author, const std::string& text,
                                               policy::Time now) {
  json::object message{{"author", author.name},
                       {"role", name_of(author.role)},
                       {"text", repaired_utf8(text)},
                       {"timestamp", policy::rfc3339(now)}};
  const auto sequence = state_.append(log, json::serialize(message), kept);
  if (!sequence) return std::unexpected(sequence.error());
  message["id"] = *sequence;
  return message;
}

StateStore::Result<std::vector<json::object>> TeamChat::latest() {
  auto entries = state_.read_before(log, std::nullopt, kept);
  if (!entries) return std::unexpected(entries.error());
  std::vector<json::object> messages;
  messages.reserve(entries->size());
  for (const StateEntry& entry : *entries) messages.push_back(message_of(entry));
  return messages;
}

}  // namespace budget::admin
