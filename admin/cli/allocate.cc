// Tokens set aside.
#include <boost/json/serialize.hpp>

#include "admin/cli/asking.h"
#include "admin/cli/runs.h"

namespace budget::cli {
namespace {

Outcome told(const Asked<json::value>& answer, const Invocation& invocation) {
  if (!answer) return std::unexpected(answer.error());
  if (invocation.json) return pretty(*answer);
  const json::object& made = answer->as_object();
  std::string text = text_in(made, "allocation_id") + " is " + text_in(made, "state") + ": " +
                     grouped(number_in(made, "tokens_remaining")) + " of " +
                     grouped(number_in(made, "tokens_allocated")) + " tokens are left";
  if (number_in(made, "cost_allocated_nano") > 0) {
    text += ", " + dollars(text_in(made, "cost_remaining"));
  }
  return harmless(text) + "\n";
}

}  // namespace

Outcome run_allocate_create(Client& client, const Invocation& said) {
  Invocation invocation = said;
  if (const std::string expires = invocation.get("expires"); !expires.empty()) {
    auto time = time_of(expires, true);
    if (!time) return std::unexpected(time.error());
    invocation.options["expires"] = std::move(*time);
  }
  const auto body = body_of(command_of("allocate create"), invocation);
  if (!body) return std::unexpected(body.error());
  return told(ask(client, "POST", "/api/allocations", json::serialize(*body)), invocation);
}

Outcome run_allocate_list(Client& client, const Invocation& invocation) {
  const auto limit = limit_of(invocation, 50);
  if (!limit) return std::unexpected(limit.error());
  const auto listed = ask_list(
      client, "/api/allocations" + query_of(command_of("allocate list"), invocation), *limit);
  if (!listed) return std::unexpected(listed.error());
  if (invocation.json) return pretty(list_json(*listed));
  Table table({{"ALLOCATION", false, true},
               {"STATE"},
               {"CONTEXT", false, true},
               {"COMPONENT", false, true},
               {"TOKENS", true},
               {"LEFT", true},
               {"EXPIRES (UTC)", false, true}});
  for (const json::value& each : listed->items) {
    const json::object& item = each.as_object();
    const std::string state = text_in(item, "state");
    table.add(
        {text_in(item, "allocation_id"), Cell(state, state == "active" ? Tone::good : Tone::faint),
         text_in(item, "context_id"), text_in(item, "component"),
         grouped(number_in(item, "tokens_allocated")), grouped(number_in(item, "tokens_remaining")),
         short_time(text_in(item, "expiration_time"))});
  }
  return list_text(table, *listed, invocation);
}

Outcome run_allocate_release(Client& client, const Invocation& invocation) {
  const std::string target =
      "/api/allocations/" + percent_encoded(invocation.get("id")) + "/release";
  return told(ask(client, "POST", target), invocation);
}

}  // namespace budget::cli
