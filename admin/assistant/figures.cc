#include "admin/assistant/figures.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "policy/rfc3339.h"
#include "pricing/money.h"

namespace budget::admin {
namespace {

using std::chrono::days;

bool has(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(
      words, [text](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

struct Period {
  policy::Time start, end;
};

Period period_in(std::string_view text, policy::Time now) {
  const auto today = std::chrono::floor<days>(now);
  if (has(text, {"yesterday"})) return {today - days(1), today};
  if (has(text, {"today"})) return {today, now};
  if (has(text, {"hour"})) return {now - std::chrono::hours(1), now};
  if (has(text, {"week"})) return {now - days(7), now};
  if (has(text, {"this month"})) {
    const std::chrono::year_month_day date(today);
    return {std::chrono::sys_days(date.year() / date.month() / 1), now};
  }
  return {now - days(30), now};
}

json::object times(const Period& period) {
  return {{"start_time", policy::rfc3339(period.start)}, {"end_time", policy::rfc3339(period.end)}};
}

std::string_view dimension_in(std::string_view text) {
  if (has(text, {"model"})) return "model";
  if (has(text, {"provider"})) return "provider";
  if (has(text, {"task"})) return "task_type";
  if (has(text, {"context", "session"})) return "context_id";
  if (has(text, {"user", "who"})) return "user";
  return "component";
}

std::string_view text_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

std::int64_t number_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

const json::object& object_at(const json::object& object, std::string_view name) {
  static const json::object none;
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : none;
}

const json::array& array_at(const json::object& object, std::string_view name) {
  static const json::array none;
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_array() ? value->get_array() : none;
}

// "$1.25" of the field's nano-USD.
std::string dollars(const json::object& object, std::string_view name) {
  return "$" +
         pricing::to_usd_short(pricing::Money(number_at(object, std::string(name) + "_nano")));
}

std::string count_of(std::int64_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

std::string spending(const json::object& data) {
  const json::object& total = object_at(data, "total");
  return "From " + std::string(text_at(data, "start_time")) + " to " +
         std::string(text_at(data, "end_time")) + ", " +
         count_of(number_at(total, "requests"), "call", "calls") + " cost " +
         dollars(total, "total_cost") + ", for " +
         count_of(number_at(total, "input_tokens"), "token", "tokens") + " in and " +
         std::to_string(number_at(total, "output_tokens")) + " out. ";
}

std::string top(const json::object& data) {
  std::string text;
  for (const auto& [dimension, groups] : object_at(data, "top")) {
    if (!groups.is_array() || groups.get_array().empty()) continue;
    text += "By " + std::string(dimension) + ": ";
    bool first = true;
    for (const json::value& each : groups.get_array()) {
      const json::object& group = each.get_object();
      const std::string_view value = text_at(group, "value");
      text += (first ? "" : ", ") + (value.empty() ? "(none)" : std::string(value)) + " " +
              dollars(group, "total_cost");
      first = false;
    }
    text += ". ";
  }
  return text;
}

std::string forecast(const json::object& data) {
  const json::object& object = object_at(data, "forecast");
  if (text_at(object, "basis") == "none") {
    return "There is no whole day of usage yet to forecast from. ";
  }
  return "At this pace the month comes to " + dollars(object, "month_to_end") + " (" +
         dollars(object, "month_so_far") + " so far), and the next seven days to " +
         dollars(object, "next_7_days") + ". ";
}

std::string budgets(const json::object& data) {
  std::string text;
  for (const json::value& each : array_at(data, "budgets")) {
    const json::object& line = each.get_object();
    const std::string_view partition = text_at(line, "partition");
    text += std::string(text_at(line, "policy_id")) +
            (partition.empty() ? "" : " (" + std::string(partition) + ")") + " has spent " +
            dollars(line, "spent");
    if (line.contains("limit") && !line.at("limit").is_null()) {
      text += " of " + dollars(line, "limit") + ", " + dollars(line, "remaining") + " left";
    }
    const std::string_view ends = text_at(object_at(line, "forecast"), "exhausted_at");
    if (!ends.empty()) text += "; at this rate it ends at " + std::string(ends);
    text += ". ";
  }
  return text.empty() ? "No budget is configured. " : text;
}

std::string savings(const json::object& data) {
  const json::array& items = array_at(data, "recommendations");
  if (items.empty()) return "Nothing in the recorded usage would have cost less elsewhere. ";
  std::string text = "Up to " + dollars(data, "total_saving") + " could have been saved: ";
  std::size_t told = 0;
  for (const json::value& each : items) {
    if (told++ == 3) break;
    const json::object& item = each.get_object();
    const bool cheaper = text_at(item, "kind") == "cheaper_model";
    text += (told > 1 ? "; " : "") + std::string(text_at(item, "provider")) + "/" +
            std::string(text_at(item, "model")) + " cost " + dollars(item, "cost") + ", " +
            (cheaper ? std::string(text_at(item, "to_provider")) + "/" +
                           std::string(text_at(item, "to_model"))
                     : std::string("its prompt cache")) +
            " saves " + dollars(item, "saving");
  }
  return text + ". ";
}

std::string model(const json::object& data) {
  const auto* recommended = data.if_contains("recommended");
  if (recommended == nullptr || !recommended->is_object()) {
    return "The budgets allow no known model for such a call just now. ";
  }
  const json::object& item = recommended->get_object();
  return "The cheapest model that the budgets allow is " + std::string(text_at(item, "provider")) +
         "/" + std::string(text_at(item, "model")) + ", at about " +
         dollars(item, "expected_cost") + " a call. ";
}

}  // namespace

std::vector<ToolCall> lookups_for(std::string_view question, policy::Time now) {
  std::string text(question);
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const Period period = period_in(text, now);
  std::vector<ToolCall> calls;
  const auto call = [&calls](std::string name, json::object arguments) {
    calls.push_back({"", std::move(name), std::move(arguments)});
  };
  if (has(text, {"save", "saving", "cheaper", "recommend", "optimi"}) &&
      !has(text, {"which model", "recommend a model"})) {
    call("recommend_savings", times(period));
  }
  if (has(text, {"which model", "recommend a model", "what model"})) call("recommend_model", {});
  const bool analysis =
      has(text, {"forecast", "run out", "runs out", "will ", "end of", "limit", "budget", "left",
                 "remain", "top", "most", "dearest", "expensive", "who ", "analy", "trend"});
  if (analysis) {
    json::object arguments = times(period);
    arguments["group_by"] = json::array{json::value(dimension_in(text))};
    call("analyze_usage", std::move(arguments));
  }
  if (calls.empty()) call("summarize_usage", times(period));
  // What a question asks of an analysis decides what is said of it.
  for (ToolCall& each : calls) each.id = text;
  return calls;
}

std::string sentences_of(const ToolCall& call, const ToolResult& result) {
  if (result.status != 200 || !result.body.is_object()) {
    const auto* body = result.body.if_object();
    const std::string why(body != nullptr ? text_at(object_at(*body, "error"), "message") : "");
    return "The figures could not be read" + (why.empty() ? "" : ": " + why) + ". ";
  }
  const json::object& data = result.body.get_object();
  if (call.name == "recommend_savings") return savings(data);
  if (call.name == "recommend_model") return model(data);
  if (call.name == "summarize_usage") return spending(data);
  const std::string& text = call.id;
  std::string said = spending(data);
  if (has(text, {"top", "most", "dearest", "expensive", "who ", "analy"})) said += top(data);
  if (has(text, {"forecast", "run out", "runs out", "will ", "end of", "trend", "analy"})) {
    said += forecast(data);
  }
  if (has(text, {"limit", "budget", "left", "remain", "run out", "runs out", "analy"})) {
    said += budgets(data);
  }
  return said;
}

}  // namespace budget::admin
