// Limits changed, for good or for a time, and tried on what was recorded.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "admin/cli/asking.h"
#include "admin/cli/runs.h"

namespace budget::cli {
namespace {

// Of an option whose value is a part of what the policy matches.
constexpr std::string_view match_prefix = "match.";

// The options of a policy as the API takes them.
Asked<json::object> definition_of(const Command& command, const Invocation& invocation) {
  auto body = body_of(command, invocation);
  if (!body) return std::unexpected(body.error());
  json::object match;
  json::object definition;
  for (const auto& [name, value] : *body) {
    const std::string_view field = name;
    if (field.starts_with(match_prefix)) {
      match[field.substr(match_prefix.size())] = value;
    } else {
      definition[field] = value;
    }
  }
  if (!match.empty()) definition["match"] = std::move(match);
  return definition;
}

// By the words of the API, which the other commands show too.
bool is_missing(const Failed& failed) {
  return failed.message.starts_with("There is no ");
}

Outcome told(const json::value& answer, const std::string& what, const Invocation& invocation) {
  if (invocation.json) return pretty(answer);
  return harmless(what) + "\n";
}

Outcome override_policy(Client& client, const std::string& id, const Invocation& invocation) {
  const auto until = time_of(invocation.get("until"), true);
  if (!until) return std::unexpected(until.error());
  json::object body{{"until", *until}, {"reason", invocation.get("reason")}};
  const auto asked = definition_of(command_of("set-limit"), invocation);
  if (!asked) return std::unexpected(asked.error());
  for (const auto& [name, value] : *asked) {
    if (name != "cost_limit" && name != "token_limit") {
      return std::unexpected(
          Failed{bad_usage, "with --until only --cost and --tokens can be changed"});
    }
    body[name] = value;
  }
  const auto made = ask(client, "POST", "/api/policies/" + percent_encoded(id) + "/overrides",
                        json::serialize(body));
  if (!made) return std::unexpected(made.error());
  return told(
      *made,
      id + " is overridden until " + short_time(text_in(made->as_object(), "until")) + " (UTC)",
      invocation);
}

// The policy, in a budget that is made where there is none.
Outcome make_policy(Client& client, const std::string& budget, const std::string& name,
                    json::object definition, const Invocation& invocation) {
  const auto known = ask(client, "GET", "/api/budgets/" + percent_encoded(budget));
  if (!known && !is_missing(known.error())) return std::unexpected(known.error());
  definition["name"] = name;
  if (!known) {
    const json::object whole{{"name", budget}, {"policies", json::array{definition}}};
    const auto made = ask(client, "POST", "/api/budgets", json::serialize(whole));
    if (!made) return std::unexpected(made.error());
    return told(*made, budget + "/" + name + " is made, in a new budget", invocation);
  }
  definition["budget_id"] = budget;
  const auto made = ask(client, "POST", "/api/policies", json::serialize(definition));
  if (!made) return std::unexpected(made.error());
  return told(*made, budget + "/" + name + " is made", invocation);
}

Outcome change_policy(Client& client, const std::string& id, json::object policy,
                      const json::object& changes, const Invocation& invocation) {
  if (text_in(policy, "source") == "file") {
    return std::unexpected(
        Failed{refused, id + " is defined in the configuration file: change it there, or for a "
                             "time with --until and --reason"});
  }
  for (const auto& [name, value] : changes) policy[name] = value;
  const auto changed =
      ask(client, "PUT", "/api/policies/" + percent_encoded(id), json::serialize(policy));
  if (!changed) return std::unexpected(changed.error());
  return told(*changed, id + " is changed", invocation);
}

std::string counts_text(const json::object& counts, std::string_view name) {
  return grouped(number_in(counts, name));
}

void add_counts(Table& table, const std::string& policy, const json::object& counts) {
  const bool denies = number_in(counts, "denied") > 0;
  table.add({policy, text_in(counts, "component"), counts_text(counts, "allowed"),
             counts_text(counts, "warned"), counts_text(counts, "clamped"),
             counts_text(counts, "downgraded"),
             Cell(counts_text(counts, "denied"), denies ? Tone::bad : Tone::plain),
             dollars(text_in(counts, "saved"))});
}

// --policy with its limits, --remove and --changes as one change of the set.
Asked<json::object> changes_of(const Invocation& invocation) {
  auto definition = definition_of(command_of("simulate"), invocation);
  if (!definition) return std::unexpected(definition.error());
  json::object body;
  if (const std::string changes = invocation.get("changes"); !changes.empty()) {
    boost::system::error_code error;
    const json::value sent = json::parse(changes, error);
    if (error || !sent.is_object()) {
      return std::unexpected(Failed{bad_usage, "--changes must be a JSON object"});
    }
    body = sent.get_object();
  }
  for (const auto* own : {"remove", "base"}) {
    if (const auto* value = definition->if_contains(own)) body[own] = *value;
    definition->erase(own);
  }
  const std::string id = invocation.get("policy");
  const std::size_t slash = std::min(id.find('/'), id.size());
  if (id.empty() && !definition->empty()) {
    return std::unexpected(Failed{bad_usage, "limits need --policy BUDGET/POLICY"});
  }
  if (id.empty()) return body;
  if (slash == id.size()) {
    return std::unexpected(Failed{bad_usage, "--policy must be BUDGET/POLICY"});
  }
  (*definition)["budget_id"] = id.substr(0, slash);
  (*definition)["name"] = id.substr(slash + 1);
  body["policies"] = json::array{*definition};
  return body;
}

}  // namespace

Outcome run_set_limit(Client& client, const Invocation& invocation) {
  const std::string id = invocation.get("policy");
  const std::size_t slash = id.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == id.size()) {
    return std::unexpected(Failed{bad_usage, "name the policy as BUDGET/POLICY"});
  }
  if (!invocation.get("until").empty()) return override_policy(client, id, invocation);
  auto definition = definition_of(command_of("set-limit"), invocation);
  if (!definition) return std::unexpected(definition.error());
  auto existing = ask(client, "GET", "/api/policies/" + percent_encoded(id));
  if (existing) {
    return change_policy(client, id, existing->as_object(), *definition, invocation);
  }
  if (!is_missing(existing.error())) return std::unexpected(existing.error());
  return make_policy(client, id.substr(0, slash), id.substr(slash + 1), *std::move(definition),
                     invocation);
}

Outcome run_simulate(Client& client, const Invocation& invocation) {
  auto body = changes_of(invocation);
  if (!body) return std::unexpected(body.error());
  const std::string start = invocation.get("start");
  const auto from = time_of(!start.empty()                   ? start
                            : invocation.get("last").empty() ? "24h"
                                                             : invocation.get("last"),
                            false);
  if (!from) return std::unexpected(from.error());
  (*body)["start_time"] = *from;
  if (const std::string end = invocation.get("end"); !end.empty()) {
    const auto to = time_of(end, false);
    if (!to) return std::unexpected(to.error());
    (*body)["end_time"] = *to;
  }
  const auto answer = ask(client, "POST", "/api/policies/simulate", json::serialize(*body));
  if (!answer) return std::unexpected(answer.error());
  if (invocation.json) return pretty(*answer);
  const json::object& result = answer->as_object();
  Table table({{"POLICY", false, true},
               {"COMPONENT", false, true},
               {"ALLOWED", true},
               {"WARNED", true},
               {"CLAMPED", true},
               {"DOWNGRADED", true},
               {"DENIED", true},
               {"SAVED", true}});
  for (const json::value& each : result.at("policies").as_array()) {
    add_counts(table, text_in(each.as_object(), "policy_id"), each.as_object());
  }
  add_counts(table, "all calls", result.at("total").as_object());
  std::string text = table.text(invocation.look);
  if (text_in(result, "truncated") == "true") {
    text += "Only the newest " + counts_text(result, "records") + " records were played.\n";
  }
  return text;
}

}  // namespace budget::cli
