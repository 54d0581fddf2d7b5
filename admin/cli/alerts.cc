// Alerts: what there is, and that somebody knows.
#include <boost/json/serialize.hpp>

#include "admin/cli/asking.h"
#include "admin/cli/runs.h"

namespace budget::cli {
namespace {

Tone tone_of(const std::string& severity) {
  if (severity == "error") return Tone::bad;
  return severity == "warning" ? Tone::warning : Tone::plain;
}

bool is_known(const json::object& alert) {
  const json::value* value = alert.if_contains("acknowledged");
  return value && value->is_bool() && value->get_bool();
}

}  // namespace

Outcome run_alerts_list(Client& client, const Invocation& invocation) {
  const auto limit = limit_of(invocation, 50);
  if (!limit) return std::unexpected(limit.error());
  const auto listed =
      ask_list(client, "/api/alerts" + query_of(command_of("alerts list"), invocation), *limit);
  if (!listed) return std::unexpected(listed.error());
  if (invocation.json) return pretty(list_json(*listed));
  Table table({{"ID"},
               {"WHEN (UTC)"},
               {"SEVERITY"},
               {"TYPE"},
               {"KNOWN TO", false, true},
               {"WHAT", false, true}});
  for (const json::value& each : listed->items) {
    const json::object& alert = each.as_object();
    const std::string severity = text_in(alert, "severity");
    table.add({text_in(alert, "id"), short_time(text_in(alert, "timestamp")),
               Cell(severity, tone_of(severity)), text_in(alert, "type"),
               is_known(alert) ? text_in(alert, "acknowledged_by") : "",
               text_in(alert, "message")});
  }
  return list_text(table, *listed, invocation);
}

Outcome run_alerts_ack(Client& client, const Invocation& invocation) {
  const auto body = body_of(command_of("alerts ack"), invocation);
  if (!body) return std::unexpected(body.error());
  const auto answer =
      ask(client, "POST", "/api/alerts/" + percent_encoded(invocation.get("id")) + "/acknowledge",
          json::serialize(*body));
  if (!answer) return std::unexpected(answer.error());
  if (invocation.json) return pretty(*answer);
  const json::object& alert = answer->as_object();
  return harmless(text_in(alert, "id")) + " is acknowledged by " +
         harmless(text_in(alert, "acknowledged_by")) + ".\n";
}

}  // namespace budget::cli
