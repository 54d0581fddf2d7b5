// What models cost.
#include <boost/json/serialize.hpp>

#include "admin/cli/asking.h"
#include "admin/cli/runs.h"

namespace budget::cli {
namespace {

std::string rate_in(const json::object& price, std::string_view name) {
  const auto* rates = price.if_contains("rates");
  if (!rates || !rates->is_object()) return "";
  const auto* per_million = rates->get_object().if_contains("usd_per_million_tokens");
  if (!per_million || !per_million->is_object()) return "";
  return dollars(text_in(per_million->get_object(), name));
}

std::string count_in(const json::object& price, std::string_view name) {
  return text_in(price, name).empty() ? "" : grouped(number_in(price, name));
}

}  // namespace

Outcome run_prices_list(Client& client, const Invocation& invocation) {
  const auto limit = limit_of(invocation, 50);
  if (!limit) return std::unexpected(limit.error());
  const auto listed =
      ask_list(client, "/api/prices" + query_of(command_of("prices list"), invocation), *limit);
  if (!listed) return std::unexpected(listed.error());
  if (invocation.json) return pretty(list_json(*listed));
  Table table({{"PROVIDER", false, true},
               {"MODEL", false, true},
               {"INPUT/M", true},
               {"CACHED/M", true},
               {"OUTPUT/M", true},
               {"CONTEXT", true},
               {"SINCE", false, true}});
  for (const json::value& each : listed->items) {
    const json::object& price = each.as_object();
    table.add({text_in(price, "provider"), text_in(price, "model"), rate_in(price, "input"),
               rate_in(price, "cache_read"), rate_in(price, "output"),
               count_in(price, "context_window"), text_in(price, "effective_from")});
  }
  return list_text(table, *listed, invocation);
}

Outcome run_calc_cost(Client& client, const Invocation& invocation) {
  const auto body = body_of(command_of("calc-cost"), invocation);
  if (!body) return std::unexpected(body.error());
  const auto answer = ask(client, "POST", "/api/prices/calculate", json::serialize(*body));
  if (!answer) return std::unexpected(answer.error());
  if (invocation.json) return pretty(*answer);
  const json::object& cost = answer->as_object();
  return harmless(dollars(text_in(cost, "total_cost")) + " (input " +
                  dollars(text_in(cost, "input_cost")) + ", output " +
                  dollars(text_in(cost, "output_cost")) + "; price " + text_in(cost, "price_id") +
                  ", found by " + text_in(cost, "match") + ")") +
         "\n";
}

}  // namespace budget::cli
