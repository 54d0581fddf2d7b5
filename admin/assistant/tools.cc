#include "admin/assistant/tools.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <exception>
#include <utility>

#include "admin/openapi.h"
#include "admin/routes.h"

namespace budget::admin {
namespace {

constexpr Tool table[] = {
    {"list_budgets", "GET", "/api/budgets", "The budgets there are"},
    {"get_budget_summary", "GET", "/api/budgets/{id}/summary",
     "How much of a budget is spent, reserved and left, by policy, with a forecast"},
    {"list_policies", "GET", "/api/policies", "The policies in force and their limits"},
    {"summarize_usage", "POST", "/api/usage/summary",
     "Requests, tokens and cost of a period, by groups"},
    {"analyze_usage", "POST", "/api/assistant/analyze",
     "Totals of a period against the one before, the dearest groups, what caches saved, a "
     "forecast, and every budget"},
    {"recommend_savings", "POST", "/api/prices/recommendations",
     "How a period's usage could have cost less"},
    {"recommend_model", "POST", "/api/assistant/recommend-model",
     "The cheapest model that the budgets allow for such a call"},
    {"get_price", "POST", "/api/prices/current", "The price in force for a model"},
    {"calculate_cost", "POST", "/api/prices/calculate", "What usage costs"},
    {"get_price_history", "GET", "/api/prices/history/{provider}/{model}",
     "A model's prices over time"},
};

const Route* route_of(const Tool& tool) {
  const auto all = routes();
  const auto at = std::ranges::find_if(all, [&tool](const Route& route) {
    return route.method == tool.method && route.path == tool.path;
  });
  return at == all.end() ? nullptr : &*at;
}

std::string plain_text(const json::value& value) {
  return value.is_string() ? std::string(std::string_view(value.get_string()))
                           : json::serialize(value);
}

// Arguments into the path, and the rest into the query or the body.
ApiRequest request_of(const Tool& tool, json::object arguments) {
  ApiRequest request;
  request.method = tool.method;
  request.path = tool.path;
  for (const std::string& name : path_params_of(tool.path)) {
    const auto* value = arguments.if_contains(name);
    const std::string text = value != nullptr ? plain_text(*value) : "";
    const std::string place = "{" + name + "}";
    request.path.replace(request.path.find(place), place.size(), percent_encoded(text));
    arguments.erase(name);
  }
  if (tool.method != "GET") {
    request.body = json::serialize(arguments);
    return request;
  }
  for (const auto& [name, value] : arguments) {
    if (value.is_null()) continue;
    if (!request.query.empty()) request.query += '&';
    request.query += percent_encoded(name) + "=" + percent_encoded(plain_text(value));
  }
  return request;
}

ToolResult told(const ApiResponse& response) {
  boost::system::error_code error;
  json::value body = json::parse(response.body, error);
  if (error || !body.is_object()) return {response.status, nullptr};
  if (auto* data = body.get_object().if_contains("data")) {
    json::value inner = std::move(*data);
    return {response.status, std::move(inner)};
  }
  return {response.status, std::move(body)};
}

}  // namespace

std::span<const Tool> tools() {
  return table;
}

const Tool* tool_named(std::string_view name) {
  const auto* at = std::ranges::find(table, name, &Tool::name);
  return at == std::end(table) ? nullptr : at;
}

json::object schema_of(const Tool& tool) {
  json::object properties;
  json::array required;
  for (const std::string& name : path_params_of(tool.path)) {
    properties[name] = json::object{{"type", "string"}};
    required.push_back(json::value(name));
  }
  if (const Route* route = route_of(tool)) {
    for (const NamedField& field : fields_of(*route)) {
      json::object schema{{"type", field.schema->type}, {"description", field.schema->description}};
      if (field.schema->type == "array") schema["items"] = json::object{{"type", "string"}};
      properties[field.schema->name] = std::move(schema);
      if (field.required) required.push_back(json::value(field.schema->name));
    }
  }
  return {
      {"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

Awaitable<ToolResult> run_tool(Services& services, Principal principal, std::string name,
                               json::object arguments) {
  const Tool* tool = tool_named(name);
  if (tool == nullptr) {
    co_return ToolResult{404, json::object{{"message", "there is no tool of this name"}}};
  }
  const ApiRequest request = request_of(*tool, std::move(arguments));
  const RouteMatch match = match_route(routes(), request.method, request.path);
  if (!match.route || principal.role < match.route->role) {
    co_return ToolResult{match.route ? 403 : 404,
                         json::object{{"message", "this cannot be looked at"}}};
  }
  Context context{services,     request,         std::move(principal),
                  match.params, services.view(), services.clock.now()};
  try {
    const ApiResponse response = co_await match.route->handler(context);
    co_return told(response);
  } catch (const std::exception& error) {
    co_return ToolResult{500, json::object{{"message", error.what()}}};
  }
}

}  // namespace budget::admin
