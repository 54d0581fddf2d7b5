// What was used.
#include <boost/json/serialize.hpp>

#include "admin/cli/asking.h"
#include "admin/cli/runs.h"

namespace budget::cli {
namespace {

// --start, --end and --last as the API's start_time and end_time.
Asked<Invocation> with_times(Invocation invocation, const std::string& last_by_default) {
  std::string last = invocation.get("last");
  if (!last.empty() && !invocation.get("start").empty()) {
    return std::unexpected(Failed{bad_usage, "say --start or --last, not both"});
  }
  if (last.empty() && invocation.get("start").empty()) last = last_by_default;
  if (!last.empty()) invocation.options["start"] = last;
  for (const auto* name : {"start", "end"}) {
    const std::string text = invocation.get(name);
    if (text.empty()) continue;
    auto time = time_of(text, false);
    if (!time) return std::unexpected(time.error());
    invocation.options[name] = std::move(*time);
  }
  return invocation;
}

std::vector<Cell> sums_cells(const json::object& sums) {
  return {grouped(number_in(sums, "requests")), grouped(number_in(sums, "input_tokens")),
          grouped(number_in(sums, "output_tokens")), dollars(text_in(sums, "total_cost"))};
}

}  // namespace

Outcome run_get_usage(Client& client, const Invocation& said) {
  auto invocation = with_times(said, "24h");
  if (!invocation) return std::unexpected(invocation.error());
  if (invocation->get("group-by").empty()) invocation->options["group-by"] = "provider,model";
  const auto body = body_of(command_of("get-usage"), *invocation);
  if (!body) return std::unexpected(body.error());
  const auto answer = ask(client, "POST", "/api/usage/summary", json::serialize(*body));
  if (!answer) return std::unexpected(answer.error());
  if (invocation->json) return pretty(*answer);

  const json::object& data = answer->as_object();
  const auto& names = data.at("group_by").as_array();
  std::vector<Column> columns;
  std::vector<std::string> titles;
  titles.reserve(names.size());  // the columns point into it
  for (const json::value& name : names) {
    titles.emplace_back(std::string_view(name.as_string()));
    for (char& c : titles.back()) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    columns.push_back({titles.back(), false, true});
  }
  for (const auto* title : {"REQUESTS", "INPUT", "OUTPUT", "COST"})
    columns.push_back({title, true});
  Table table(std::move(columns));
  const auto add = [&table](std::vector<Cell> row, const json::object& sums) {
    for (Cell& cell : sums_cells(sums)) row.push_back(std::move(cell));
    table.add(std::move(row));
  };
  for (const json::value& each : data.at("groups").as_array()) {
    std::vector<Cell> row;
    for (const json::value& name : names) {
      const auto value = text_in(each.at("group").as_object(), std::string_view(name.as_string()));
      row.emplace_back(value.empty() ? "–" : value);
    }
    add(std::move(row), each.as_object());
  }
  std::vector<Cell> row(names.size(), Cell(""));
  if (!row.empty()) row.front() = Cell("total");
  add(std::move(row), data.at("total").as_object());
  return table.text(invocation->look);
}

Outcome run_usage_records(Client& client, const Invocation& said) {
  const auto invocation = with_times(said, "");
  if (!invocation) return std::unexpected(invocation.error());
  const auto limit = limit_of(*invocation, 20);
  if (!limit) return std::unexpected(limit.error());
  const auto listed = ask_list(
      client, "/api/usage/records" + query_of(command_of("usage records"), *invocation), *limit);
  if (!listed) return std::unexpected(listed.error());
  if (invocation->json) return pretty(list_json(*listed));
  Table table({{"TIME (UTC)"},
               {"COMPONENT", false, true},
               {"PROVIDER", false, true},
               {"MODEL", false, true},
               {"STATUS", true},
               {"DECISION"},
               {"INPUT", true},
               {"OUTPUT", true},
               {"COST", true},
               {"REQUEST", false, true}});
  for (const json::value& each : listed->items) {
    const json::object& record = each.as_object();
    const std::string decision = text_in(record, "decision");
    table.add({short_time(text_in(record, "timestamp")), text_in(record, "component"),
               text_in(record, "provider"), text_in(record, "model"), text_in(record, "status"),
               Cell(decision, decision == "allow" ? Tone::plain : Tone::warning),
               grouped(number_in(record, "input_tokens")),
               grouped(number_in(record, "output_tokens")), dollars(text_in(record, "total_cost")),
               text_in(record, "request_id")});
  }
  return list_text(table, *listed, *invocation);
}

}  // namespace budget::cli
