// Prices that change, and what operators state.
#include <boost/json/serialize.hpp>

#include "admin/cli/asking.h"
#include "admin/cli/runs.h"

namespace budget::cli {
namespace {

// "input", "output", …: of a price in an answer; "" where it does not state it.
std::string rate_in(const json::value* price, std::string_view name) {
  if (price == nullptr || !price->is_object()) return "";
  const auto* rates = price->get_object().if_contains("rates");
  if (rates == nullptr || !rates->is_object()) return "";
  const auto* per_million = rates->get_object().if_contains("usd_per_million_tokens");
  if (per_million == nullptr || !per_million->is_object()) return "";
  return dollars(text_in(per_million->get_object(), name));
}

// "$2.50 → $3.50", or the one there is.
std::string moved(const json::object& change, std::string_view name) {
  const std::string before = rate_in(change.if_contains("before"), name);
  std::string after = rate_in(change.if_contains("after"), name);
  if (before.empty() || before == after) return after;
  return before + " → " + (after.empty() ? "none" : after);
}

std::string percent_of(const json::object& change) {
  const auto* percent = change.if_contains("change_percent");
  if (percent == nullptr || !percent->is_double() || percent->get_double() == 0) return "";
  const auto tenths = static_cast<std::int64_t>(percent->get_double() * 10);
  const std::int64_t size = tenths < 0 ? -tenths : tenths;
  return (tenths < 0 ? "-" : "+") + std::to_string(size / 10) + "." + std::to_string(size % 10) +
         "%";
}

std::string source_of(const json::object& change) {
  const auto* after = change.if_contains("after");
  return after != nullptr && after->is_object() ? text_in(after->get_object(), "source") : "";
}

std::string model_path(const Invocation& invocation) {
  return percent_encoded(invocation.get("provider")) + "/" +
         percent_encoded(invocation.get("model"));
}

std::string report_line(const json::object& report) {
  std::string line = text_in(report, "name") + ": ";
  if (text_in(report, "status") == "ok") {
    return harmless(line + grouped(number_in(report, "models")) + " prices");
  }
  return harmless(line + text_in(report, "error"));
}

// What several updates, each of one source, amount to.
struct Diff {
  json::array sources, changes, conflicts;
  std::int64_t added = 0, changed = 0, conflicts_total = 0;

  void take(const json::object& update) {
    for (const auto& [name, into] :
         {std::pair<std::string_view, json::array*>{"sources", &sources}, {"changes", &changes}}) {
      const auto* list = update.if_contains(name);
      if (list == nullptr || !list->is_array()) continue;
      for (const json::value& each : list->get_array()) into->push_back(each);
    }
    // Each update looks at all sources: the last one's view is everybody's.
    const auto* list = update.if_contains("conflicts");
    if (list != nullptr && list->is_array()) conflicts = list->get_array();
    conflicts_total = number_in(update, "conflicts_total");
    added += number_in(update, "added");
    changed += number_in(update, "changed");
  }
  [[nodiscard]] json::object to_json() const {
    return {{"sources", sources}, {"added", added},         {"changed", changed},
            {"changes", changes}, {"conflicts", conflicts}, {"conflicts_total", conflicts_total}};
  }
};

std::string text_of(const Diff& diff, const Invocation& invocation) {
  std::string text;
  Table table({{"PROVIDER", false, true},
               {"MODEL", false, true},
               {"INPUT/M", true},
               {"OUTPUT/M", true},
               {"CHANGE", true},
               {"SOURCE", false, true}});
  std::size_t shown = 0;
  for (const json::value& each : diff.changes) {
    const json::object& change = each.as_object();
    const auto* before = change.if_contains("before");
    // A model that is new is no change of what anything costs.
    if (before == nullptr || before->is_null()) continue;
    ++shown;
    table.add({text_in(change, "provider"), text_in(change, "model"), moved(change, "input"),
               moved(change, "output"), percent_of(change), source_of(change)});
  }
  if (shown > 0) text += table.text(invocation.look);
  text += grouped(diff.changed) + " changed, " + grouped(diff.added) + " new, " +
          grouped(diff.conflicts_total) + " disputed\n";
  return text;
}

}  // namespace

Outcome run_prices_update(Client& client, const Invocation& invocation) {
  std::vector<std::string> names;
  if (const std::string only = invocation.get("source"); !only.empty()) {
    names.push_back(only);
  } else {
    const auto listed = ask_list(client, "/api/prices/sources", 500);
    if (!listed) return std::unexpected(listed.error());
    for (const json::value& each : listed->items)
      names.push_back(text_in(each.as_object(), "name"));
  }
  if (names.empty()) {
    return std::unexpected(
        Failed{refused, "no price source is configured; add one under prices.sources"});
  }
  Diff diff;
  std::string failures;
  for (const std::string& name : names) {
    const json::object body{{"source", name}};
    const auto answer = ask(client, "POST", "/api/prices/update", json::serialize(body));
    if (!answer) return std::unexpected(answer.error());
    const json::object& update = answer->as_object();
    diff.take(update);
    const auto* reports = update.if_contains("sources");
    if (reports == nullptr || !reports->is_array()) continue;
    for (const json::value& each : reports->get_array()) {
      const json::object& report = each.as_object();
      if (invocation.progress) invocation.progress(report_line(report));
      if (text_in(report, "status") == "ok") continue;
      if (!failures.empty()) failures += "; ";
      failures += report_line(report);
    }
  }
  std::string text = invocation.json ? pretty(diff.to_json()) : text_of(diff, invocation);
  if (!diff.sources.empty() && !failures.empty() && names.size() == 1) {
    return std::unexpected(Failed{refused, "the source could not be read: " + failures});
  }
  return text;
}

Outcome run_prices_history(Client& client, const Invocation& invocation) {
  const auto limit = limit_of(invocation, 50);
  if (!limit) return std::unexpected(limit.error());
  const auto listed = ask_list(client, "/api/prices/history/" + model_path(invocation), *limit);
  if (!listed) return std::unexpected(listed.error());
  if (invocation.json) return pretty(list_json(*listed));
  Table table({{"SINCE", false},
               {"INPUT/M", true},
               {"CACHED/M", true},
               {"OUTPUT/M", true},
               {"SOURCE", false, true},
               {"VERIFIED", false}});
  for (const json::value& each : listed->items) {
    const json::object& price = each.as_object();
    const std::string since = text_in(price, "effective_from");
    const auto* verified = price.if_contains("verified");
    const bool sure = verified != nullptr && verified->is_bool() && verified->get_bool();
    table.add({since.empty()       ? std::string("start")
               : since.size() > 10 ? short_time(since)
                                   : since,
               rate_in(&each, "input"), rate_in(&each, "cache_read"), rate_in(&each, "output"),
               text_in(price, "source"), std::string(sure ? "yes" : "no")});
  }
  return list_text(table, *listed, invocation);
}

Outcome run_prices_set(Client& client, const Invocation& invocation) {
  const auto body = body_of(command_of("prices set"), invocation);
  if (!body) return std::unexpected(body.error());
  const auto answer =
      ask(client, "PUT", "/api/prices/" + model_path(invocation), json::serialize(*body));
  if (!answer) return std::unexpected(answer.error());
  if (invocation.json) return pretty(*answer);
  return harmless(invocation.get("provider") + "/" + invocation.get("model")) +
         " is priced as stated from now on\n";
}

Outcome run_prices_unset(Client& client, const Invocation& invocation) {
  const auto answer = ask(client, "DELETE", "/api/prices/" + model_path(invocation));
  if (!answer) return std::unexpected(answer.error());
  if (invocation.json) return pretty(*answer);
  const auto* in_force = answer->as_object().if_contains("in_force");
  const bool priced = in_force != nullptr && !in_force->is_null();
  return harmless(invocation.get("provider") + "/" + invocation.get("model")) +
         (priced ? " is priced by its sources again\n" : " has no price now\n");
}

}  // namespace budget::cli
