// How the same work could cost less.
#include <boost/json/serialize.hpp>

#include "admin/cli/asking.h"
#include "admin/cli/runs.h"

namespace budget::cli {

Outcome run_recommend(Client& client, const Invocation& invocation) {
  auto body = body_of(command_of("recommend"), invocation);
  if (!body) return std::unexpected(body.error());
  if (const std::string last = invocation.get("last"); !last.empty()) {
    const auto start = time_of(last, false);
    if (!start) return std::unexpected(start.error());
    (*body)["start_time"] = *start;
  }
  const auto answer = ask(client, "POST", "/api/prices/recommendations", json::serialize(*body));
  if (!answer) return std::unexpected(answer.error());
  if (invocation.json) return pretty(*answer);
  const json::object& data = answer->as_object();
  const auto* items = data.if_contains("recommendations");
  if (items == nullptr || !items->is_array() || items->get_array().empty()) {
    return "Nothing in the recorded usage would have cost less elsewhere.\n";
  }
  Table table({{"USED", false, true},
               {"REQUESTS", true},
               {"COST", true},
               {"INSTEAD", false, true},
               {"SAVES", true}});
  for (const json::value& each : items->get_array()) {
    const json::object& item = each.as_object();
    const std::string instead = text_in(item, "kind") == "cheaper_model"
                                    ? text_in(item, "to_provider") + "/" + text_in(item, "to_model")
                                    : "the prompt cache, for half of the input";
    table.add({text_in(item, "provider") + "/" + text_in(item, "model"),
               grouped(number_in(item, "requests")), dollars(text_in(item, "cost")), instead,
               dollars(text_in(item, "saving"))});
  }
  return table.text(invocation.look) + "at most " + dollars(text_in(data, "total_saving")) +
         " in all\n";
}

}  // namespace budget::cli
