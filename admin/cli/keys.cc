// Proxy keys.
#include <boost/json/serialize.hpp>

#include "admin/cli/asking.h"
#include "admin/cli/runs.h"

namespace budget::cli {
namespace {

// The key alone, so that a script may take it; what is to be known of it goes
// below.
Outcome new_key(const Asked<json::value>& answer, const Invocation& invocation) {
  if (!answer) return std::unexpected(answer.error());
  if (invocation.json) return pretty(*answer);
  const json::object& key = answer->as_object();
  return harmless(text_in(key, "key")) + "\n" +
         toned("This is the only time the key is shown. Its id is " + harmless(text_in(key, "id")) +
                   ".",
               Tone::faint, invocation.look) +
         "\n";
}

std::string key_target(const Invocation& invocation) {
  return "/api/keys/" + percent_encoded(invocation.get("id"));
}

}  // namespace

Outcome run_keys_create(Client& client, const Invocation& said) {
  Invocation invocation = said;
  if (const std::string expires = invocation.get("expires"); !expires.empty()) {
    auto time = time_of(expires, true);
    if (!time) return std::unexpected(time.error());
    invocation.options["expires"] = std::move(*time);
  }
  const auto body = body_of(command_of("keys create"), invocation);
  if (!body) return std::unexpected(body.error());
  return new_key(ask(client, "POST", "/api/keys", json::serialize(*body)), invocation);
}

Outcome run_keys_list(Client& client, const Invocation& invocation) {
  const auto limit = limit_of(invocation, 50);
  if (!limit) return std::unexpected(limit.error());
  const auto listed = ask_list(client, "/api/keys", *limit);
  if (!listed) return std::unexpected(listed.error());
  if (invocation.json) return pretty(list_json(*listed));
  Table table({{"ID"},
               {"NAME", false, true},
               {"STATE"},
               {"COMPONENT", false, true},
               {"USER", false, true},
               {"EXPIRES (UTC)", false, true},
               {"MADE BY", false, true}});
  for (const json::value& each : listed->items) {
    const json::object& key = each.as_object();
    const std::string state = text_in(key, "state");
    table.add({text_in(key, "id"), text_in(key, "name"),
               Cell(state, state == "active" ? Tone::good : Tone::faint), text_in(key, "component"),
               text_in(key, "user"), short_time(text_in(key, "expires_at")),
               text_in(key, "created_by")});
  }
  return list_text(table, *listed, invocation);
}

Outcome run_keys_revoke(Client& client, const Invocation& invocation) {
  const auto answer = ask(client, "DELETE", key_target(invocation));
  if (!answer) return std::unexpected(answer.error());
  if (invocation.json) return pretty(*answer);
  return harmless(text_in(answer->as_object(), "id")) + " is revoked.\n";
}

Outcome run_keys_rotate(Client& client, const Invocation& invocation) {
  return new_key(ask(client, "POST", key_target(invocation) + "/rotate"), invocation);
}

}  // namespace budget::cli
