#include "admin/mcp/rpc.h"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "admin/mcp/tool.h"

namespace budget::admin {
namespace {

constexpr std::array<std::string_view, 4> versions{mcp_latest_version, "2025-06-18", "2025-03-26",
                                                   "2024-11-05"};
constexpr std::size_t batch_most = 50;

// Of JSON-RPC 2.0, section 5.1.
constexpr int parse_error = -32700;
constexpr int invalid_request = -32600;
constexpr int method_not_found = -32601;
constexpr int invalid_params = -32602;

constexpr std::string_view instructions =
    "Budgets of model calls. Before a costly call, ask CheckBudget, or RouteWithBudgetAwareness "
    "which model to call; GetBudgetStatus tells what is left. Amounts of money are US dollars.";

json::object error_of(json::value id, int code, std::string_view message) {
  return {{"jsonrpc", "2.0"},
          {"id", std::move(id)},
          {"error", json::object{{"code", code}, {"message", message}}}};
}

json::object result_of(json::value id, json::object result) {
  return {{"jsonrpc", "2.0"}, {"id", std::move(id)}, {"result", std::move(result)}};
}

json::object tool_json(const McpTool& tool) {
  return {{"name", tool.name},
          {"title", tool.title},
          {"description", tool.description},
          {"inputSchema", mcp_schema(tool)},
          {"annotations", json::object{{"title", tool.title},
                                       {"readOnlyHint", !tool.writes},
                                       {"destructiveHint", false},
                                       {"idempotentHint", !tool.writes},
                                       {"openWorldHint", false}}}};
}

json::object initialized(const Context& context, std::string_view asked) {
  return {
      {"protocolVersion", is_mcp_version(asked) ? asked : mcp_latest_version},
      {"capabilities", json::object{{"tools", json::object{{"listChanged", false}}}}},
      {"serverInfo",
       json::object{{"name", "budget"}, {"title", "Budget"}, {"version", context.view->version}}},
      {"instructions", instructions}};
}

// What models read, and beside it the same for programs.
json::object told(McpResult result) {
  json::array content{json::object{{"type", "text"}, {"text", json::serialize(result.body)}}};
  json::object object{{"content", std::move(content)}, {"isError", result.failed}};
  if (!result.failed) object["structuredContent"] = std::move(result.body);
  return object;
}

const json::string* text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr ? value->if_string() : nullptr;
}

Awaitable<json::object> call_tool(Context& context, json::value id, const json::object& params) {
  const json::string* name = text_in(params, "name");
  if (name == nullptr)
    co_return error_of(id, invalid_params, "params.name has to be a tool's name");
  json::object arguments;
  if (const auto* given = params.if_contains("arguments"); given != nullptr && !given->is_null()) {
    if (!given->is_object()) {
      co_return error_of(id, invalid_params, "params.arguments has to be an object");
    }
    arguments = given->get_object();
  }
  const McpTool* tool = mcp_tool_named(*name);
  if (tool == nullptr) {
    co_return error_of(id, invalid_params, "Unknown tool: " + std::string(*name));
  }
  McpResult result = co_await run_mcp_tool(context, *tool, std::move(arguments));
  co_return result_of(std::move(id), told(std::move(result)));
}

Awaitable<json::object> answer_request(Context& context, json::value id, std::string_view method,
                                       const json::object& params, bool in_batch) {
  if (method == "initialize") {
    const json::string* version = text_in(params, "protocolVersion");
    if (in_batch) co_return error_of(id, invalid_request, "initialize cannot be part of a batch");
    if (version == nullptr) {
      co_return error_of(id, invalid_params, "params.protocolVersion has to be a text");
    }
    co_return result_of(std::move(id), initialized(context, *version));
  }
  if (method == "ping") co_return result_of(std::move(id), {});
  if (method == "tools/list") {
    // All of them fit a page, so that there is no cursor to go on from.
    if (const auto* cursor = params.if_contains("cursor"); cursor && !cursor->is_null()) {
      co_return error_of(id, invalid_params, "params.cursor is none that was given out");
    }
    json::array tools;
    for (const McpTool& tool : mcp_tools()) tools.push_back(tool_json(tool));
    co_return result_of(std::move(id), {{"tools", std::move(tools)}});
  }
  if (method == "tools/call") {
    co_return co_await call_tool(context, std::move(id), params);
  }
  co_return error_of(std::move(id), method_not_found,
                     "There is no method '" + std::string(method) + "'");
}

// nullopt for what wants no answer: notifications, and answers to requests,
// of which we make none.
Awaitable<std::optional<json::object>> answer_message(Context& context, const json::value& message,
                                                      bool in_batch) {
  if (!message.is_object()) {
    co_return error_of(nullptr, invalid_request, "A message has to be an object");
  }
  const json::object& object = message.get_object();
  const auto* id = object.if_contains("id");
  const bool proper_id = id != nullptr && (id->is_string() || id->is_int64() || id->is_uint64());
  const json::value echoed = proper_id ? *id : json::value(nullptr);
  const json::string* jsonrpc = text_in(object, "jsonrpc");
  if (jsonrpc == nullptr || *jsonrpc != "2.0") {
    co_return error_of(echoed, invalid_request, "jsonrpc has to be \"2.0\"");
  }
  const auto* method = object.if_contains("method");
  if (method == nullptr && (object.contains("result") || object.contains("error")) && proper_id) {
    co_return std::nullopt;
  }
  if (method == nullptr || !method->is_string()) {
    co_return error_of(echoed, invalid_request, "method has to be a text");
  }
  if (id == nullptr) co_return std::nullopt;
  if (!proper_id) {
    co_return error_of(nullptr, invalid_request, "id has to be a text or a whole number");
  }
  static const json::object none;
  const auto* params = object.if_contains("params");
  if (params != nullptr && !params->is_object()) {
    co_return error_of(echoed, invalid_params, "params has to be an object");
  }
  co_return co_await answer_request(context, echoed, method->get_string(),
                                    params != nullptr ? params->get_object() : none, in_batch);
}

// Of HTTP, for an answer to a message of its own.
int status_of(const json::object& answer) {
  const auto* error = answer.if_contains("error");
  if (error == nullptr) return 200;
  const std::int64_t code = error->at("code").as_int64();
  return code == parse_error || code == invalid_request ? 400 : 200;
}

McpAnswer refused(int code, std::string_view message) {
  return {400, error_of(nullptr, code, message)};
}

}  // namespace

bool is_mcp_version(std::string_view version) {
  return std::ranges::find(versions, version) != versions.end();
}

Awaitable<McpAnswer> answer_mcp(Context& context, std::string_view body, bool batches) {
  boost::system::error_code error;
  const json::value message = json::parse(body, error);
  if (error) co_return refused(parse_error, "The body is not JSON");
  if (!message.is_array()) {
    auto answer = co_await answer_message(context, message, false);
    if (!answer) co_return McpAnswer{202, std::nullopt};
    const int status = status_of(*answer);
    co_return McpAnswer{status, std::move(*answer)};
  }
  const json::array& messages = message.get_array();
  if (!batches) {
    co_return refused(invalid_request, "This version of the protocol has no batches");
  }
  if (messages.empty() || messages.size() > batch_most) {
    co_return refused(invalid_request, "A batch has 1 to 50 messages");
  }
  json::array answers;
  for (const json::value& each : messages) {
    if (auto answer = co_await answer_message(context, each, true)) {
      answers.push_back(std::move(*answer));
    }
  }
  if (answers.empty()) co_return McpAnswer{202, std::nullopt};
  co_return McpAnswer{200, std::move(answers)};
}

}  // namespace budget::admin
