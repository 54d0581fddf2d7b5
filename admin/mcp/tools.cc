// The seven tools.
#include <algorithm>
#include <array>
#include <utility>

#include "admin/budget_lines.h"
#include "admin/mcp/tool.h"
#include "policy/rfc3339.h"

namespace budget::admin {
namespace {

using Argument = McpArgument;

constexpr std::string_view priority_range = R"({"minimum":1,"maximum":10})";
constexpr std::string_view at_least_one = R"({"minimum":1})";
constexpr std::string_view not_negative = R"({"minimum":0})";
constexpr std::string_view texts = R"({"additionalProperties":{"type":"string"}})";
constexpr std::string_view list_of_texts = R"({"items":{"type":"string"}})";
constexpr std::string_view date_time = R"({"format":"date-time"})";

constexpr Argument component{"component", "string", "The component that calls"};
constexpr Argument context_id{"context_id", "string", "The context that calls belong to"};
constexpr Argument task_id{"task_id", "string", "The task that calls belong to"};
constexpr Argument task_type{"task_type", "string", "The kind of task, such as coding"};
constexpr Argument user{"user", "string", "On whose behalf"};
constexpr Argument tags{"tags", "object", "Labels of one's own", false, texts};
constexpr Argument priority{"priority", "integer", "1 (lowest) to 10", false, priority_range};
constexpr Argument tier{"tier", "string", "A tier of models"};
constexpr Argument provider{"provider", "string", "The provider's configured name"};
constexpr Argument model{"model", "string", "The model"};
constexpr Argument budget_id{"budget_id", "string", "The name of a budget"};
constexpr Argument input_tokens{"input_tokens", "integer", "All input tokens", false, not_negative};
constexpr Argument output_tokens{"output_tokens", "integer", "All output tokens", false,
                                 not_negative};
constexpr Argument input_text{"input_text", "string",
                              "The input itself, to be counted here in place of input_tokens"};
constexpr Argument most{"limit", "integer", "At most so many", false,
                        R"({"minimum":1,"maximum":100})"};

constexpr Argument required(Argument argument) {
  argument.required = true;
  return argument;
}

// ---- AllocateBudget

constexpr Argument allocate_arguments[] = {
    required(context_id),
    {"amount", "integer", "Tokens to set aside, input and output together", true, at_least_one,
     "tokens_allocated"},
    {"output_tokens", "integer", "How many of them are for output; half where not said", false,
     not_negative},
    component,
    tier,
    provider,
    model,
    task_id,
    task_type,
    user,
    tags,
    priority,
    budget_id,
    {"expiration_time", "string", "When what is left goes back; a day from now where not said",
     false, date_time},
    {"metadata", "object", "Kept with the allocation"}};

Awaitable<McpResult> allocate_budget(McpCall& call) {
  auto told = co_await call.ask("POST", "/api/allocations", "", call.body());
  if (told.failed()) co_return told.result();
  told.data["amount"] = told.data["tokens_allocated"];
  told.data["remaining"] = told.data["tokens_remaining"];
  co_return told.result();
}

// ---- CheckBudget

constexpr Argument check_arguments[] = {
    required(provider), required(model), input_text, input_tokens, output_tokens, component,
    context_id,         task_id,         task_type,  user,         tags,          priority};

// As the API says it, with the text under the API's name.
json::object check_body(const McpCall& call) {
  json::object body = call.body({"input_text"});
  if (call.has("input_text")) body["text"] = call.text("input_text");
  return body;
}

Awaitable<McpResult> check_budget(McpCall& call) {
  auto told = co_await call.ask("POST", "/api/budgets/check", "", check_body(call));
  if (told.failed()) co_return told.result();
  json::value allowed = told.data["allowed"];
  co_return McpResult{false, {{"allowed", std::move(allowed)}, {"info", std::move(told.data)}}};
}

// ---- RecordUsage

constexpr Argument record_arguments[] = {
    required(provider),
    required(model),
    input_tokens,
    output_tokens,
    input_text,
    {"output_text", "string", "The output itself, to be counted here in place of output_tokens"},
    {"cache_read_tokens", "integer", "Part of input_tokens", false, not_negative},
    {"cache_write_tokens", "integer", "Part of input_tokens", false, not_negative},
    {"reasoning_tokens", "integer", "Part of output_tokens", false, not_negative},
    {"total_cost", "string", "US dollars, where the price is not to be ours"},
    component,
    context_id,
    task_id,
    task_type,
    user,
    tags,
    {"request_id", "string", "The call's id; that of an estimated record corrects it"},
    {"allocation_id", "string", "The allocation that the call draws on"},
    {"timestamp", "string", "When the call began; now where not said", false, date_time},
    {"latency_ms", "integer", "Milliseconds", false, not_negative}};

// Counts `text` into `field` of `body`. A count that is no more than likely
// makes the record an estimate.
Awaitable<std::optional<McpResult>> count_into(McpCall& call, std::string_view text,
                                               std::string_view field, json::object& body) {
  if (!call.has(text)) co_return std::nullopt;
  if (call.has(field)) {
    co_return McpResult::refused(
        "invalid_request",
        std::string(text) + " and " + std::string(field) + " are one or the other.");
  }
  json::object question{{"model", call.text("model")}, {"text", call.text(text)}};
  auto told = co_await call.ask("POST", "/api/tokens/count", "", std::move(question));
  if (told.failed()) co_return told.result();
  body[field] = told.data["tokens"];
  if (told.data["method"] != "exact") body["estimated"] = true;
  co_return std::nullopt;
}

Awaitable<McpResult> record_usage(McpCall& call) {
  json::object body = call.body({"input_text", "output_text"});
  if (auto failed = co_await count_into(call, "input_text", "input_tokens", body)) {
    co_return *std::move(failed);
  }
  if (auto failed = co_await count_into(call, "output_text", "output_tokens", body)) {
    co_return *std::move(failed);
  }
  auto told = co_await call.ask("POST", "/api/usage/record", "", std::move(body));
  if (told.failed()) co_return told.result();
  const json::object& record = told.data["record"].as_object();
  told.data["success"] = true;
  told.data["recorded_tokens"] = record.at("total_tokens");
  told.data["context_id"] = record.at("context_id");
  if (call.has("allocation_id")) {
    const auto allocation =
        co_await call.ask("GET", "/api/allocations/" + percent_encoded(call.text("allocation_id")));
    if (!allocation.failed()) told.data["remaining"] = allocation.data.at("tokens_remaining");
  }
  co_return told.result();
}

// ---- GetBudgetStatus

constexpr Argument status_arguments[] = {
    {"period", "string", "Of policies of this period alone", false,
     R"({"enum":["minute","hourly","daily","weekly","monthly","yearly","total","per_session",)"
     R"("per_task","rolling"]})"},
    budget_id,
    {"tier", "string", "Of policies that could apply to this tier"},
    {"provider", "string", "Of policies that could apply to this provider"},
    {"component", "string", "Of policies that could apply to this component"}};

// Of policies, and of the lines of each budget; `more` says that there are more.
constexpr std::int64_t everything = 500;

std::string query_of(const json::object& fields) {
  std::string query = "limit=" + std::to_string(everything);
  for (const auto& [name, value] : fields) {
    query += "&" + std::string(name) + "=" + percent_encoded(std::string_view(value.as_string()));
  }
  return query;
}

// Whether a line that counts components apart is another component's.
bool of_another(const json::object& line, const std::string& component_id) {
  if (component_id.empty()) return false;
  const auto value = value_in_partition(line.at("partition").as_string(), "component");
  return value && *value != partition_value(component_id);
}

Awaitable<McpResult> get_budget_status(McpCall& call) {
  const std::string only = call.text("budget_id");
  const auto policies =
      co_await call.ask("GET", "/api/policies", query_of(call.body({"budget_id"})));
  if (policies.failed()) co_return policies.result();
  json::array budgets;
  for (const json::value& policy : policies.data.at("items").as_array()) {
    const json::value& budget = policy.at("budget_id");
    if (!only.empty() && budget.as_string() != only) continue;
    if (budgets.empty() || budgets.back() != budget) budgets.push_back(budget);
  }
  if (budgets.empty() && !only.empty()) budgets.push_back(json::value(only));
  json::array summaries;
  bool more = policies.data.at("total").as_int64() > everything;
  for (const json::value& budget : budgets) {
    const std::string path =
        "/api/budgets/" + percent_encoded(std::string_view(budget.as_string())) + "/summary";
    auto lines = co_await call.ask("GET", path, "limit=" + std::to_string(everything));
    if (lines.failed()) co_return lines.result();
    more = more || lines.data.at("total").as_int64() > everything;
    for (json::value& line : lines.data.at("items").as_array()) {
      const bool wanted = std::ranges::any_of(
          policies.data.at("items").as_array(),
          [&line](const json::value& policy) { return policy.at("id") == line.at("policy_id"); });
      if (!wanted || of_another(line.as_object(), call.text("component"))) continue;
      line.as_object()["budget_id"] = budget;
      summaries.push_back(std::move(line));
    }
  }
  co_return McpResult{false,
                      {{"success", true}, {"summaries", std::move(summaries)}, {"more", more}}};
}

// ---- GetModelRecommendations

constexpr Argument recommend_arguments[] = {
    {"provider", "string", "Models of this provider alone"},
    {"model", "string", "The model it would be otherwise, to compare with; needs provider"},
    {"context_size", "integer", "About how many input tokens a call has", false, not_negative,
     "input_tokens"},
    output_tokens,
    component,
    context_id,
    task_type,
    tier,
    most};

Awaitable<McpResult> get_model_recommendations(McpCall& call) {
  auto told = co_await call.ask("POST", "/api/assistant/recommend-model", "", call.body({"model"}));
  if (told.failed()) co_return told.result();
  json::object result{{"recommended", told.data["recommended"]},
                      {"recommendations", told.data["candidates"]},
                      {"input_tokens", told.data["input_tokens"]},
                      {"output_tokens", told.data["output_tokens"]},
                      {"current", nullptr}};
  if (!call.has("model")) co_return McpResult{false, std::move(result)};
  json::object body = call.body({"tier", "limit"});
  body["input_tokens"] = told.data["input_tokens"];
  body["output_tokens"] = told.data["output_tokens"];
  auto current = co_await call.ask("POST", "/api/budgets/check", "", std::move(body));
  if (current.failed()) co_return current.result();
  result["current"] = std::move(current.data);
  co_return McpResult{false, std::move(result)};
}

// ---- RouteWithBudgetAwareness

constexpr Argument route_arguments[] = {
    input_text,
    input_tokens,
    output_tokens,
    task_type,
    {"default_provider", "string", "Where the call goes while the budgets allow it"},
    {"default_model", "string", "The model it goes to then"},
    component,
    context_id,
    task_id,
    user,
    tags,
    priority,
    {"tier", "string", "Of models of this tier alone, where it cannot go there"}};

json::value sentence(const McpCall::Told& told) {
  const auto* message = told.data.if_contains("message");
  return message != nullptr ? *message : json::value("It is refused.");
}

json::object routed(const McpCall& call, json::value to_provider, json::value to_model,
                    json::array warnings) {
  const auto asked = [&call](std::string_view name) {
    return call.has(name) ? json::value(call.text(name)) : json::value(nullptr);
  };
  const json::value from_provider = asked("default_provider");
  const json::value from_model = asked("default_model");
  const bool moved = !from_model.is_null() && !to_model.is_null() &&
                     (to_provider != from_provider || to_model != from_model);
  const bool allowed = !to_model.is_null();
  return {{"allowed", allowed},
          {"provider", std::move(to_provider)},
          {"model", std::move(to_model)},
          {"is_downgraded", moved},
          {"original_provider", from_provider},
          {"original_model", from_model},
          {"warnings", std::move(warnings)}};
}

// The first that is allowed, the default apart: that was refused at its worst
// cost, which is above what it is expected to cost.
json::value best_of(const McpCall& call, const json::array& candidates) {
  for (const json::value& each : candidates) {
    const bool is_default = call.has("default_model") &&
                            each.at("provider") == json::value(call.text("default_provider")) &&
                            each.at("model") == json::value(call.text("default_model"));
    if (each.at("allowed").as_bool() && !is_default) return each;
  }
  return nullptr;
}

Awaitable<McpResult> route_with_budget_awareness(McpCall& call) {
  if (call.has("default_provider") != call.has("default_model")) {
    co_return McpResult::refused("invalid_request",
                                 "default_provider and default_model are required together.");
  }
  json::array warnings;
  json::object body = call.body({"input_text", "default_provider", "default_model", "tier"});
  if (call.has("default_model")) {
    json::object question = body;
    question["provider"] = call.text("default_provider");
    question["model"] = call.text("default_model");
    if (call.has("input_text")) question["text"] = call.text("input_text");
    auto check = co_await call.ask("POST", "/api/budgets/check", "", std::move(question));
    if (check.failed()) co_return check.result();
    warnings = check.data["warnings"].as_array();
    if (check.data["allowed"].as_bool()) {
      json::object result = routed(call, json::value(call.text("default_provider")),
                                   json::value(call.text("default_model")), std::move(warnings));
      result["check"] = std::move(check.data);
      co_return McpResult{false, std::move(result)};
    }
    warnings.push_back(sentence(check));
    body["input_tokens"] = check.data["input_tokens"];
    body["output_tokens"] = check.data["output_tokens"];
  } else if (call.has("input_text") && !call.has("input_tokens")) {
    json::object question{{"encoding", "o200k_base"}, {"text", call.text("input_text")}};
    auto count = co_await call.ask("POST", "/api/tokens/count", "", std::move(question));
    if (count.failed()) co_return count.result();
    body["input_tokens"] = count.data["tokens"];
  }
  if (call.has("tier")) body["tier"] = call.text("tier");
  auto told = co_await call.ask("POST", "/api/assistant/recommend-model", "", std::move(body));
  if (told.failed()) co_return told.result();
  const json::value best = best_of(call, told.data["candidates"].as_array());
  if (best.is_null()) warnings.push_back("The budgets allow such a call to no model.");
  json::object result =
      best.is_null() ? routed(call, nullptr, nullptr, std::move(warnings))
                     : routed(call, best.at("provider"), best.at("model"), std::move(warnings));
  result["candidates"] = told.data["candidates"];
  co_return McpResult{false, std::move(result)};
}

// ---- GetUsageAnalytics

constexpr Argument analytics_arguments[] = {
    {"period", "string", "Of the last hour, day, week, month or year; a month where not said",
     false, R"({"enum":["hourly","daily","weekly","monthly","yearly"]})"},
    {"start_date", "string", "At or after this, in place of period; RFC 3339, or a date", false, "",
     "start_time"},
    {"end_date", "string", "Before this", false, "", "end_time"},
    provider,
    model,
    component,
    context_id,
    task_type,
    user,
    budget_id,
    {"group_by", "array",
     "What the dearest are told of: provider, model, component, task_type, user, context_id, …",
     false, list_of_texts},
    most};

std::optional<std::chrono::hours> span_of(std::string_view period) {
  constexpr std::pair<std::string_view, int> spans[] = {
      {"hourly", 1}, {"daily", 24}, {"weekly", 24 * 7}, {"monthly", 24 * 30}, {"yearly", 24 * 365}};
  for (const auto& [name, hours] : spans) {
    if (name == period) return std::chrono::hours(hours);
  }
  return std::nullopt;
}

Awaitable<McpResult> get_usage_analytics(McpCall& call) {
  json::object body = call.body({"period"});
  if (call.has("period")) {
    const auto span = span_of(call.text("period"));
    if (!span) {
      co_return McpResult::refused("invalid_request",
                                   "period is one of: hourly, daily, weekly, monthly, yearly.");
    }
    if (call.has("start_time")) {
      co_return McpResult::refused("invalid_request",
                                   "period and start_date are one or the other.");
    }
    body["start_time"] = policy::rfc3339(call.now() - *span);
  }
  auto told = co_await call.ask("POST", "/api/assistant/analyze", "", std::move(body));
  co_return told.result();
}

constexpr std::string_view management = "budget_management";
constexpr std::string_view models = "model_recommendations";
constexpr std::string_view analytics = "budget_analytics";
constexpr std::array capabilities{management, models, analytics};

constexpr McpTool table[] = {
    {"AllocateBudget", "Set tokens aside",
     "Sets tokens aside for a context, within the budgets that its calls count against. Calls that "
     "name the allocation draw on it first.",
     management, true, allocate_arguments, allocate_budget},
    {"CheckBudget", "Would a call be allowed?",
     "Whether the budgets have room for a call of this size now, what it would cost, and which "
     "policy refuses it until when. Nothing is reserved.",
     management, false, check_arguments, check_budget},
    {"RecordUsage", "Record a call made elsewhere",
     "Counts a call that did not go through this proxy against the budgets, or corrects an "
     "estimated record.",
     management, true, record_arguments, record_usage},
    {"GetBudgetStatus", "How much is left",
     "What is spent, reserved and left of the budgets, by policy and partition.", management, false,
     status_arguments, get_budget_status},
    {"GetModelRecommendations", "Models for a task",
     "The models that such calls could go to, those that the budgets allow first, the cheapest "
     "first, with what a call would cost.",
     models, false, recommend_arguments, get_model_recommendations},
    {"RouteWithBudgetAwareness", "Where a call should go",
     "The default model while the budgets allow it; else the cheapest that they allow for the "
     "type of task; free local ones when the money is out.",
     models, false, route_arguments, route_with_budget_awareness},
    {"GetUsageAnalytics", "What was used",
     "Totals of a period against the one before, the dearest groups, what caches saved, a "
     "forecast, and the budgets.",
     analytics, false, analytics_arguments, get_usage_analytics},
};

}  // namespace

std::span<const McpTool> mcp_tools() {
  return table;
}

std::span<const std::string_view> mcp_capabilities() {
  return capabilities;
}

}  // namespace budget::admin
