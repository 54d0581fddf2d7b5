#include "admin/openapi.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cctype>
#include <cstdlib>
#include <utility>

namespace budget::admin {
namespace {

constexpr std::pair<std::string_view, std::string_view> groups[] = {
    {"@filters",
     "start_time end_time provider model component task_type user context_id key tag policy_id "
     "request_id budget_id"},
    {"@rates",
     "input cache_read cache_write_5m cache_write_1h audio_input image_input output reasoning "
     "audio_output image_output image audio_second character search_unit request"},
    {"@labels", "component task_id task_type user tags priority"},
    {"@usage",
     "input_tokens output_tokens cache_read_tokens cache_write_tokens reasoning_tokens "
     "audio_input_tokens audio_output_tokens images seconds"},
    {"@policy",
     "type period rolling_seconds reset_day match per cost_limit token_limit input_token_limit "
     "output_token_limit request_limit concurrent_limit warning_threshold action_threshold "
     "when_exceeded clamp_min_tokens reserve stream_overrun on_client_abort on_store_failure "
     "shadow deny_status priority_bypass enabled"}};

constexpr std::string_view time_format = R"({"format":"date-time"})";
constexpr std::string_view million = "US dollars per million tokens, at most six decimals";
constexpr std::string_view unit = "US dollars per unit, at most twelve decimals";
constexpr std::string_view count = R"({"minimum":0})";
constexpr std::string_view at_least_one = R"({"minimum":1})";
constexpr std::string_view share = R"({"exclusiveMinimum":0,"maximum":1})";

// Sorted by name.
constexpr FieldSchema schemas[] = {
    {"acknowledged", "boolean", "Whether somebody knows of the alert", ""},
    {"action_threshold", "number", "soft_limit: the share from which calls are refused", share},
    {"allocation_id", "string", "The allocation that the call draws on", ""},
    {"at", "string", "The instant to price at; default: now", time_format},
    {"audio_input", "string", million, ""},
    {"audio_input_tokens", "integer", "Part of input_tokens", count},
    {"audio_output", "string", million, ""},
    {"audio_output_tokens", "integer", "Part of output_tokens", count},
    {"audio_second", "string", unit, ""},
    {"base", "string", "What the changes are made to: the policies in force, or none",
     R"({"enum":["current","empty"],"default":"current"})"},
    {"bucket", "string", "The length of a bucket, in UTC",
     R"({"enum":["minute","hour","day","week","month"],"default":"hour"})"},
    {"budget_id", "string", "The name of a budget", ""},
    {"budgets", "array", "Budgets to set", R"({"items":{"type":"object"}})"},
    {"cache_read", "string", million, ""},
    {"cache_read_tokens", "integer", "Part of input_tokens", count},
    {"cache_write_1h", "string", million, ""},
    {"cache_write_5m", "string", million, ""},
    {"cache_write_tokens", "integer", "Part of input_tokens", count},
    {"channel", "string", "The id of one channel; default: all", ""},
    {"channels", "object", "By a channel's id: whether it is enabled, and its min_severity",
     R"({"additionalProperties":{"type":"object"}})"},
    {"character", "string", unit, ""},
    {"clamp_min_tokens", "integer", "Below this a clamped call is refused instead", at_least_one},
    {"component", "string", "The component that calls", ""},
    {"concurrent_limit", "integer", "Calls in flight at one time", count},
    {"context_id", "string", "The context that calls belong to", ""},
    {"cost_limit", "string", "US dollars", ""},
    {"deny_status", "integer", "The HTTP status of a refusal", R"({"enum":[429,402,403]})"},
    {"description", "string", "For people", ""},
    {"enabled", "boolean", "Whether the policy is enabled", ""},
    {"encoding", "string", "Count by this encoding", R"({"enum":["o200k_base","cl100k_base"]})"},
    {"end_time", "string", "Before this; RFC 3339, or a date", ""},
    {"ended_at", "string", "When the call ended", time_format},
    {"error", "string", "What went wrong", ""},
    {"estimated", "boolean", "Whether the figures are an estimate", ""},
    {"expiration_time", "string", "When what is left goes back", time_format},
    {"expires_at", "string", "When the key ends", time_format},
    {"format", "string", "Of the file", R"({"enum":["csv","jsonl"],"default":"csv"})"},
    {"group_by", "array",
     "provider, model, component, task_type, user, context_id, key, operation, status, tag, "
     "tag.NAME, minute, hour, day, week, month; in a query separated by commas",
     ""},
    {"image", "string", unit, ""},
    {"image_input", "string", million, ""},
    {"image_output", "string", million, ""},
    {"images", "integer", "Images made", count},
    {"input", "string", million, ""},
    {"input_cost", "string", "US dollars", ""},
    {"input_token_limit", "integer", "Input tokens, cached ones included", count},
    {"input_tokens", "integer", "All input", count},
    {"is_active", "boolean", "Whether a policy of the budget is enabled", ""},
    {"key", "string", "The id of a proxy key; to log in, an admin key", ""},
    {"latency_ms", "integer", "Milliseconds from the request to its end", count},
    {"limit", "integer", "Items a page", R"({"minimum":1,"maximum":500,"default":20})"},
    {"match", "object", "Which calls it is about: patterns by label", ""},
    {"may_set", "array", "The labels that the key's holder may set", ""},
    {"message", "string", "What to ask", ""},
    {"messages", "array", "Of a chat: {role, content, name}", R"({"items":{"type":"object"}})"},
    {"metadata", "object", "Kept with the allocation", ""},
    {"method", "string", "Of the request", R"({"enum":["POST","PUT","PATCH","DELETE"]})"},
    {"model", "string", "The model; in a list of prices, a part of its name", ""},
    {"models", "array", "Patterns of the models the key is for", ""},
    {"name", "string", "A name for people", ""},
    {"note", "string", "What is known of it, or done", ""},
    {"on_client_abort", "string", "When the client goes away", R"({"enum":["cancel","drain"]})"},
    {"on_store_failure", "string", "While the store cannot be asked",
     R"({"enum":["deny","allow"]})"},
    {"operation", "string", "What was called", ""},
    {"output", "string", million, ""},
    {"output_cost", "string", "US dollars", ""},
    {"output_token_limit", "integer", "Output tokens, reasoning included", count},
    {"output_tokens", "integer", "All output", count},
    {"owner", "string", "The budget's owner", ""},
    {"page", "integer", "From 1", R"({"minimum":1,"default":1})"},
    {"parameters", "object", "The tool's arguments", ""},
    {"path", "string", "A part of the request's path", ""},
    {"per", "array", "Counters of their own for each value of these labels", ""},
    {"period", "string", "The policy's period", ""},
    {"policies", "array", "The budget's policies; ids alone leave them as they are",
     R"({"items":{"type":["object","string"]}})"},
    {"policy", "string", "The id of a policy", ""},
    {"policy_id", "string", "A policy that calls counted against", ""},
    {"priority", "integer", "The call's priority", R"({"minimum":1,"maximum":10})"},
    {"priority_bypass", "integer", "soft_limit: calls of this priority and above go through",
     R"({"minimum":1,"maximum":10})"},
    {"provider", "string", "The provider", ""},
    {"providers", "array", "The providers the key is for", ""},
    {"reason", "string", "Why, for people", ""},
    {"reasoning", "string", million, ""},
    {"reasoning_tokens", "integer", "Part of output_tokens", count},
    {"remove", "array", "Ids of budgets and policies to do without", ""},
    {"request", "string", unit, ""},
    {"request_id", "string", "The id of a call", ""},
    {"request_limit", "integer", "Calls", count},
    {"requested_model", "string", "The model that was asked for", ""},
    {"reserve", "string", "What a call holds while it runs",
     R"({"enum":["worst_case","incremental"]})"},
    {"reset_day", "string", "1 to 28 or last; for a week, monday to sunday",
     R"({"type":["string","integer"]})"},
    {"resource", "string", "What kind of thing was changed: budgets, keys, …", ""},
    {"rolling_seconds", "integer", "The length of a rolling period", at_least_one},
    {"search_unit", "string", unit, ""},
    {"seconds", "integer", "Of audio", count},
    {"service_tier", "string", "The provider's",
     R"({"enum":["standard","batch","flex","priority"],"default":"standard"})"},
    {"severity", "string", "Of the alert", R"({"enum":["info","warning","error"]})"},
    {"shadow", "boolean", "Decide and record, never act", ""},
    {"source", "string", "The name of one source; default: all", ""},
    {"start_time", "string", "At or after this; RFC 3339, or a date", ""},
    {"state", "string", "What became of it", R"({"enum":["pending","delivered","dead"]})"},
    {"status", "integer", "HTTP status", R"({"minimum":100,"maximum":599})"},
    {"stream", "boolean", "Whether the answer was streamed", ""},
    {"stream_overrun", "string", "A stream that reaches the limit", R"({"enum":["cut","finish"]})"},
    {"tag", "string", "NAME=VALUE", ""},
    {"tags", "object", "Labels of one's own", R"({"additionalProperties":{"type":"string"}})"},
    {"task_id", "string", "The task that calls belong to", ""},
    {"task_type", "string", "The kind of task", ""},
    {"text", "string", "The text to count", ""},
    {"text@message", "string", "What to say; lines are kept", R"({"maxLength":4000})"},
    {"thresholds", "array", "Shares of a limit; left out: the configuration's",
     R"({"items":{"type":"number","exclusiveMinimum":0}})"},
    {"tier", "string", "A tier of models", ""},
    {"time_to_first_byte_ms", "integer", "Milliseconds", count},
    {"timestamp", "string", "When the call began", time_format},
    {"timezone", "string", "IANA; the calendar that periods follow", R"({"default":"UTC"})"},
    {"token_limit", "integer", "Input and output tokens together", count},
    {"tokens_allocated", "integer", "Input and output together", R"({"minimum":1})"},
    {"tool", "string", "The name of a tool", ""},
    {"total_cost", "string", "US dollars", ""},
    {"type", "string", "What the policy does at its limit",
     R"({"enum":["ignore","warn","soft_limit","hard_limit"],"default":"hard_limit"})"},
    {"type@alert", "string", "The alert's type",
     R"({"enum":["threshold","budget_exceeded","forecast","anomaly","overrun","unpriced","drift",)"
     R"("price_change","price_conflict","price_source","store_failure"]})"},
    {"until", "string", "When it ends by itself", time_format},
    {"upstream_request_id", "string", "The provider's id of the call", ""},
    {"user", "string", "The user on whose behalf calls are made", ""},
    {"warning_threshold", "number", "The share from which calls are warned", share},
    {"when_exceeded", "array", "What to try before refusing: clamp, downgrade, queue",
     R"({"items":{"type":["string","object"]}})"},
    {"who", "string", "The name of the admin key", ""}};

const FieldSchema& schema_of(std::string_view name) {
  const auto* found = std::lower_bound(
      std::begin(schemas), std::end(schemas), name,
      [](const FieldSchema& schema, std::string_view wanted) { return schema.name < wanted; });
  if (found == std::end(schemas) || found->name != name)
    std::abort();  // a line of the table is wrong
  return *found;
}

void add_fields(std::string_view words, std::vector<NamedField>& fields) {
  while (!words.empty()) {
    const std::size_t space = std::min(words.find(' '), words.size());
    std::string_view word = words.substr(0, space);
    words.remove_prefix(std::min(space + 1, words.size()));
    if (word.starts_with('@')) {
      for (const auto& [group, members] : groups) {
        if (group == word) add_fields(members, fields);
      }
      continue;
    }
    const bool required = word.ends_with('*');
    if (required) word.remove_suffix(1);
    fields.push_back({&schema_of(word), required});
  }
}

json::object schema_json(const FieldSchema& field) {
  json::object schema{{"type", field.type}, {"description", field.description}};
  if (field.type == "array") schema["items"] = json::object{{"type", "string"}};
  if (!field.extra.empty()) {
    const json::value extra = json::parse(field.extra);
    for (const auto& [name, value] : extra.as_object()) schema[name] = value;
  }
  return schema;
}

json::object reference(std::string_view name) {
  return {{"$ref", "#/components/schemas/" + std::string(name)}};
}

json::object answer_json(std::string_view description, std::string_view type, json::object schema) {
  return {{"description", description},
          {"content", json::object{{type, json::object{{"schema", std::move(schema)}}}}}};
}

// "get_api_budgets_id_summary": what generated clients call it.
std::string operation_id(const Route& route) {
  std::string id(route.method);
  for (const char c : route.path) id += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  std::string tidy;
  for (const char c : id) {
    if (c == '_' && (tidy.empty() || tidy.back() == '_')) continue;
    tidy += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  while (tidy.ends_with('_')) tidy.pop_back();
  return tidy == "get" ? "get_root" : tidy;
}

std::string_view tag_of(const Route& route) {
  std::string_view path = route.path;
  if (!path.starts_with("/api/")) return "state";
  path.remove_prefix(5);
  const std::string_view first = path.substr(0, path.find('/'));
  return first == "openapi.json" || first == "docs" ? "description" : first;
}

json::object success_json(const Route& route) {
  switch (route.form) {
    case Form::data:
      return answer_json("Done", "application/json", reference("Success"));
    case Form::list:
      return answer_json("A page", "application/json", reference("List"));
    case Form::plain:
      return answer_json("Done", "application/json", {{"type", "object"}});
    case Form::text:
      break;
  }
  std::string_view type = "text/plain";
  if (route.path == "/api/docs") type = "text/html";
  if (route.path == "/api/assistant/chat") type = "text/event-stream";
  if (route.path == "/api/usage/export") type = "text/csv";
  json::object answer = answer_json("Done", type, {{"type", "string"}});
  if (type == "text/csv") {
    answer["content"].as_object()["application/x-ndjson"] =
        json::object{{"schema", json::object{{"type", "string"}}}};
  }
  return answer;
}

bool takes_if_match(const Route& route) {
  const bool item = route.path.ends_with('}') && (route.path.starts_with("/api/budgets/") ||
                                                  route.path.starts_with("/api/policies/"));
  return item && (route.method == "PUT" || route.method == "DELETE");
}

json::object responses_json(const Route& route) {
  json::object responses;
  responses[std::to_string(route.status)] = success_json(route);
  if (route.path == "/api/usage/record") responses["200"] = success_json(route);  // a correction
  const auto failure = [&responses](std::string_view status, std::string_view description) {
    responses[status] = answer_json(description, "application/json", reference("Failure"));
  };
  if (route.role == Role::anyone) {
    if (route.path == "/ready") {
      responses["503"] = answer_json("Not ready", "application/json", {{"type", "object"}});
    }
    if (route.path == "/api/session") {
      failure("400", "The request is wrong; details.problems says where");
      failure("401", "No key, or a wrong one");
      failure("429", "Too many wrong keys");
    }
    failure("500", "A defect");
    return responses;
  }
  if (!route.fields.empty()) failure("400", "The request is wrong; details.problems says where");
  failure("401", "No key, or a wrong one");
  if (route.role != Role::viewer) failure("403", "The key's role is not enough");
  if (route.path.find('{') != std::string_view::npos) failure("404", "There is none of that id");
  if (route.role != Role::viewer) failure("409", "It is in the way of what there is");
  if (route.method == "POST" && route.role > Role::viewer) {
    failure("422", "The Idempotency-Key was used for another request");
  }
  if (takes_if_match(route)) failure("412", "It was changed since it was read");
  failure("503", "The store cannot be asked just now");
  return responses;
}

json::object body_json(const std::vector<NamedField>& fields) {
  json::object properties;
  json::array required;
  for (const NamedField& field : fields) {
    properties[field.schema->said()] = schema_json(*field.schema);
    if (field.required) required.push_back(json::value(field.schema->said()));
  }
  json::object schema{
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = required;
  json::object content{{"application/json", json::object{{"schema", std::move(schema)}}}};
  return {{"required", !required.empty()}, {"content", std::move(content)}};
}

json::object operation_json(const Route& route) {
  json::object operation{{"operationId", operation_id(route)},
                         {"summary", route.summary},
                         {"tags", json::array{json::value(tag_of(route))}}};
  operation["x-role"] = route.role == Role::anyone ? "anyone" : name_of(route.role);
  json::array parameters;
  for (const std::string& name : path_params_of(route.path)) {
    parameters.push_back(json::object{{"name", name},
                                      {"in", "path"},
                                      {"required", true},
                                      {"schema", json::object{{"type", "string"}}}});
  }
  if (takes_if_match(route)) {
    parameters.push_back(json::object{{"name", "If-Match"},
                                      {"in", "header"},
                                      {"required", false},
                                      {"description", "The ETag that it was read with"},
                                      {"schema", json::object{{"type", "string"}}}});
  }
  if (route.method == "POST" && route.role > Role::viewer) {
    parameters.push_back(json::object{{"name", "Idempotency-Key"},
                                      {"in", "header"},
                                      {"required", false},
                                      {"description", "Makes the request safe to repeat for 24 h"},
                                      {"schema", json::object{{"type", "string"}}}});
  }
  const std::vector<NamedField> fields = fields_of(route);
  if (route.method == "GET") {
    for (const NamedField& field : fields) {
      json::object parameter{{"name", field.schema->said()},
                             {"in", "query"},
                             {"required", field.required},
                             {"schema", schema_json(*field.schema)}};
      if (field.schema->type == "array") parameter["explode"] = false;  // a,b
      parameters.push_back(std::move(parameter));
    }
  } else if (!fields.empty()) {
    operation["requestBody"] = body_json(fields);
  }
  if (!parameters.empty()) operation["parameters"] = std::move(parameters);
  operation["responses"] = responses_json(route);
  if (route.role == Role::anyone) operation["security"] = json::array{};
  return operation;
}

json::value components_json() {
  return json::parse(R"({
    "securitySchemes": {
      "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
      "bearer": {"type": "http", "scheme": "bearer"},
      "session": {"type": "apiKey", "in": "cookie", "name": "budget_session"}},
    "schemas": {
      "Success": {"type": "object", "required": ["status", "data"], "properties": {
        "status": {"const": "success"},
        "data": {"type": ["object", "array"]}}},
      "List": {"type": "object", "required": ["items", "total", "page", "limit"], "properties": {
        "items": {"type": "array", "items": {"type": "object"}},
        "total": {"type": "integer"}, "page": {"type": "integer"}, "limit": {"type": "integer"}}},
      "Failure": {"type": "object", "required": ["status", "error"], "properties": {
        "status": {"const": "error"},
        "error": {"type": "object", "required": ["code", "message", "details"], "properties": {
          "code": {"enum": ["invalid_request", "resource_not_found", "resource_exists",
            "insufficient_budget", "invalid_allocation", "authentication_error",
            "authorization_error", "conflict", "internal_error"]},
          "message": {"type": "string"},
          "details": {"type": "object"}}}}}}})");
}

}  // namespace

std::vector<NamedField> fields_of(const Route& route) {
  std::vector<NamedField> fields;
  add_fields(route.fields, fields);
  return fields;
}

std::vector<std::string> path_params_of(std::string_view path) {
  std::vector<std::string> names;
  for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at)) {
    const std::size_t end = path.find('}', at);
    names.emplace_back(path.substr(at + 1, end - at - 1));
    at = end;
  }
  return names;
}

json::object openapi_document(std::span<const Route> routes, std::string_view version) {
  json::object paths;
  for (const Route& route : routes) {
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    json::value& path = paths[route.path];
    if (!path.is_object()) path = json::object{};
    path.get_object()[method] = operation_json(route);
  }
  return {{"openapi", "3.1.0"},
          {"info",
           json::object{
               {"title", "Budget"},
               {"version", version},
               {"description", "The admin API of Budget. x-role is the least role that may."},
               {"license", json::object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
          {"servers", json::array{json::object{{"url", "/"}}}},
          {"security", json::array{json::object{{"key", json::array{}}},
                                   json::object{{"bearer", json::array{}}},
                                   json::object{{"session", json::array{}}}}},
          {"paths", std::move(paths)},
          {"components", components_json()}};
}

}  // namespace budget::admin
