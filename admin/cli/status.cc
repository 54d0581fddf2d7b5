// How things stand: the server, its budgets, its policies.
#include <algorithm>

#include "admin/cli/asking.h"
#include "admin/cli/runs.h"

namespace budget::cli {
namespace {

constexpr std::int64_t everything = 100'000;
constexpr std::size_t bar_width = 12;
constexpr double nearly = 80;

Tone tone_of(double percent) {
  if (percent >= 100) return Tone::bad;
  return percent >= nearly ? Tone::warning : Tone::good;
}

double percent_in(const json::object& item) {
  const auto* value = item.if_contains("percentage");
  return value && value->is_number() ? value->to_number<double>() : 0;
}

// Money where there is a limit on money, else tokens, else requests: the
// figures that the bar is about, as far as one line can say.
std::vector<Cell> figures(const json::object& item) {
  if (!text_in(item, "limit").empty()) {
    return {dollars(text_in(item, "spent")), dollars(text_in(item, "reserved")),
            dollars(text_in(item, "limit"))};
  }
  const auto* limits = item.if_contains("limits");
  const json::object none;
  const json::object& stated = limits && limits->is_object() ? limits->get_object() : none;
  const std::int64_t input = number_in(item, "input_tokens");
  const std::int64_t output = number_in(item, "output_tokens");
  const auto tokens = [](std::int64_t count) { return grouped(count) + " tok"; };
  if (stated.contains("tokens")) {
    return {tokens(input + output), tokens(number_in(item, "reserved_tokens")),
            tokens(number_in(stated, "tokens"))};
  }
  if (stated.contains("requests")) {
    return {grouped(number_in(item, "requests")) + " req", std::string(),
            grouped(number_in(stated, "requests")) + " req"};
  }
  return {dollars(text_in(item, "spent")), dollars(text_in(item, "reserved")), std::string("–")};
}

void add_row(Table& table, const json::object& item) {
  const auto* percentage = item.if_contains("percentage");
  const bool limited = percentage && percentage->is_number();
  const double percent = percent_in(item);
  auto cells = figures(item);
  std::string used;
  if (limited) {
    used = bar(percent, bar_width) + " " + std::to_string(static_cast<std::int64_t>(percent)) + "%";
  }
  table.add({text_in(item, "policy_id"), text_in(item, "partition"), text_in(item, "period"),
             std::move(cells[0]), std::move(cells[1]), std::move(cells[2]),
             Cell(used, tone_of(percent)), short_time(text_in(item, "resets_at"))});
}

std::string head_of(const json::object& health, const Invocation& invocation) {
  const std::string status = text_in(health, "status");
  std::string text = "Budget " + text_in(health, "version") + " is " +
                     toned(status, status == "ok" ? Tone::good : Tone::bad, invocation.look) +
                     ", " + text_in(health, "workers") + " workers\n";
  const auto* components = health.if_contains("components");
  if (!components || !components->is_object()) return text;
  for (const auto& [name, value] : components->get_object()) {
    if (const auto* component = value.if_object(); component && component->contains("message")) {
      text += harmless(std::string(name) + ": " + text_in(*component, "message")) + "\n";
    }
  }
  if (text_in(components->get_object(), "draining") == "true") text += "It is shutting down.\n";
  return text;
}

std::string limits_of(const json::object& policy) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (const auto cost = text_in(policy, "cost_limit"); !cost.empty()) add(dollars(cost));
  for (const auto& [field, unit] : {std::pair{"token_limit", " tok"},
                                    {"input_token_limit", " tok in"},
                                    {"output_token_limit", " tok out"},
                                    {"request_limit", " req"},
                                    {"concurrent_limit", " at once"}}) {
    if (!text_in(policy, field).empty()) add(grouped(number_in(policy, field)) + unit);
  }
  return text;
}

std::string joined(const json::object& object, std::string_view name) {
  std::string text;
  const auto* list = object.if_contains(name);
  if (!list || !list->is_array()) return text;
  for (const json::value& each : list->get_array()) {
    if (!text.empty()) text += ", ";
    if (const auto* word = each.if_string()) text += std::string_view(*word);
    if (const auto* action = each.if_object(); action && !action->empty()) {
      text += std::string_view(action->begin()->key());
    }
  }
  return text;
}

}  // namespace

Outcome run_status(Client& client, const Invocation& invocation) {
  const auto health = ask(client, "GET", "/health");
  if (!health) return std::unexpected(health.error());
  if (!health->is_object()) return std::unexpected(Failed{refused, "this is no Budget server"});
  const std::string only = invocation.get("budget");
  Listed budgets;
  if (only.empty()) {
    auto all = ask_list(client, "/api/budgets", everything);
    if (!all) return std::unexpected(all.error());
    budgets = std::move(*all);
  } else {
    auto one = ask(client, "GET", "/api/budgets/" + percent_encoded(only));
    if (!one) return std::unexpected(one.error());
    budgets.items.push_back(std::move(*one));
  }
  Table table({{"POLICY", false, true},
               {"OF", false, true},
               {"PERIOD"},
               {"SPENT", true},
               {"RESERVED", true},
               {"LIMIT", true},
               {"USED"},
               {"RESETS (UTC)", false, true}});
  for (json::value& each : budgets.items) {
    json::object& budget = each.as_object();
    auto summary = ask_list(
        client, "/api/budgets/" + percent_encoded(text_in(budget, "id")) + "/summary", everything);
    if (!summary) return std::unexpected(summary.error());
    for (const json::value& item : summary->items) add_row(table, item.as_object());
    budget["summary"] = std::move(summary->items);
  }
  if (invocation.json) {
    return pretty(json::object{{"health", *health}, {"budgets", std::move(budgets.items)}});
  }
  std::string text = head_of(health->get_object(), invocation);
  if (budgets.items.empty()) return text + "There are no budgets: nothing is limited.\n";
  // A policy with `per` has no counter before the first call of each value.
  if (table.empty()) return text + "Nothing is counted yet; `budget policies` lists the limits.\n";
  return text + "\n" + table.text(invocation.look);
}

Outcome run_policies(Client& client, const Invocation& invocation) {
  const auto listed =
      ask_list(client, "/api/policies" + query_of(command_of("policies"), invocation), everything);
  if (!listed) return std::unexpected(listed.error());
  if (invocation.json) return pretty(list_json(*listed));
  Table table({{"POLICY", false, true},
               {"TYPE"},
               {"PERIOD"},
               {"PER", false, true},
               {"LIMITS", false, true},
               {"WHEN EXCEEDED", false, true},
               {"ENABLED"}});
  for (const json::value& each : listed->items) {
    const json::object& policy = each.as_object();
    const bool enabled = text_in(policy, "enabled") == "true";
    table.add({text_in(policy, "id"), text_in(policy, "type"), text_in(policy, "period"),
               joined(policy, "per"), limits_of(policy), joined(policy, "when_exceeded"),
               Cell(enabled ? "yes" : "no", enabled ? Tone::plain : Tone::faint)});
  }
  return list_text(table, *listed, invocation);
}

}  // namespace budget::cli
