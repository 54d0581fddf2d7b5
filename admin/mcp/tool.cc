#include "admin/mcp/tool.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <exception>
#include <utility>

#include "admin/dispatch.h"

namespace budget::admin {
namespace {

bool is_of(const json::value& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_int64() || value.is_uint64();
  if (type == "number") return value.is_number();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return value.is_bool();
}

std::string known_names(const McpTool& tool) {
  std::string names;
  for (const McpArgument& argument : tool.arguments) {
    if (!names.empty()) names += ", ";
    names += argument.name;
  }
  return names;
}

const McpArgument* argument_named(const McpTool& tool, std::string_view name) {
  const auto at = std::ranges::find(tool.arguments, name, &McpArgument::name);
  return at == tool.arguments.end() ? nullptr : &*at;
}

// The arguments under the API's names, or what is wrong with them.
std::expected<json::object, std::string> understood(const McpTool& tool,
                                                    const json::object& arguments) {
  json::object fields;
  std::string problems;
  const auto complain = [&problems](std::string_view name, const std::string& what) {
    if (!problems.empty()) problems += "; ";
    problems += std::string(name) + " " + what;
  };
  for (const auto& [name, value] : arguments) {
    const McpArgument* argument = argument_named(tool, name);
    if (argument == nullptr) {
      complain("'" + std::string(name) + "'",
               "is no argument of this tool, which has: " + known_names(tool));
    } else if (!value.is_null() && !is_of(value, argument->type)) {
      complain(name, "must be of type " + std::string(argument->type));
    } else if (!value.is_null()) {
      fields[argument->field.empty() ? argument->name : argument->field] = value;
    }
  }
  for (const McpArgument& argument : tool.arguments) {
    const auto* value = arguments.if_contains(argument.name);
    if (argument.required && (value == nullptr || value->is_null())) {
      complain(argument.name, "is required");
    }
  }
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return fields;
}

json::object told_of(const ApiResponse& response) {
  boost::system::error_code error;
  json::value body = json::parse(response.body, error);
  if (error || !body.is_object()) return {};
  json::object& object = body.get_object();
  for (const std::string_view envelope : {"data", "error"}) {
    if (auto* inner = object.if_contains(envelope); inner != nullptr && inner->is_object()) {
      return std::move(inner->get_object());
    }
  }
  return std::move(object);
}

}  // namespace

McpResult McpResult::refused(std::string_view code, std::string message) {
  return {true, {{"code", code}, {"message", std::move(message)}}};
}

Awaitable<McpCall::Told> McpCall::ask(std::string method, std::string path, std::string query,
                                      json::object body) {
  ApiRequest request = context_.request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.query = std::move(query);
  request.body = request.method == "GET" ? "" : json::serialize(body);
  // Who asks stays as it is; these are about the request around this one.
  std::erase_if(request.headers, [](const auto& header) {
    return header.first == "idempotency-key" || header.first == "if-match" ||
           header.first == "content-length";
  });
  const ApiResponse response = co_await dispatch(context_.services, std::move(request));
  co_return Told{response.status, told_of(response)};
}

bool McpCall::has(std::string_view name) const {
  return arguments_.contains(name);
}

std::string McpCall::text(std::string_view name) const {
  const auto* value = arguments_.if_contains(name);
  return value ? std::string(std::string_view(value->as_string())) : "";
}

json::object McpCall::body(std::initializer_list<std::string_view> without) const {
  json::object body = arguments_;
  for (const std::string_view name : without) body.erase(name);
  return body;
}

const McpTool* mcp_tool_named(std::string_view name) {
  const auto all = mcp_tools();
  const auto at = std::ranges::find(all, name, &McpTool::name);
  return at == all.end() ? nullptr : &*at;
}

json::object mcp_schema(const McpTool& tool) {
  json::object properties;
  json::array required;
  for (const McpArgument& argument : tool.arguments) {
    json::object schema{{"type", argument.type}, {"description", argument.description}};
    if (!argument.extra.empty()) {
      const json::value extra = json::parse(argument.extra);
      for (const auto& [name, value] : extra.as_object()) schema[name] = value;
    }
    properties[argument.name] = std::move(schema);
    if (argument.required) required.push_back(json::value(argument.name));
  }
  json::object schema{
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

Awaitable<McpResult> run_mcp_tool(Context& context, const McpTool& tool, json::object arguments) {
  auto fields = understood(tool, arguments);
  if (!fields) co_return McpResult::refused("invalid_request", std::move(fields.error()) + ".");
  McpCall call(context, std::move(*fields));
  try {
    co_return co_await tool.run(call);
  } catch (const std::exception& error) {
    // A bug, or no memory: this call fails.
    co_return McpResult::refused("internal_error", error.what());
  }
}

}  // namespace budget::admin
