// The Model Context Protocol over streamable HTTP, and Tekton's own paths to
// the same tools.
#include <boost/json/serialize.hpp>
#include <utility>

#include "admin/api/handlers.h"
#include "admin/mcp/rpc.h"
#include "admin/mcp/tool.h"

namespace budget::admin {
namespace {

constexpr std::string_view batches_came_with = "2025-03-26";

Failure wrong_header(std::string_view name, std::string_view message, int status) {
  json::array problems{json::object{{"field", name}, {"message", message}}};
  return {ErrorCode::invalid_request,
          std::string(name) + " " + std::string(message) + ".",
          {{"problems", std::move(problems)}},
          status};
}

std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

// A browser says where a page is from that asks. Pages of this server may, and
// those of this machine; no other, whatever name it made resolve to here.
bool is_own_origin(std::string_view origin, std::string_view host) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!origin.starts_with(scheme)) continue;
    const std::string_view authority = origin.substr(scheme.size());
    const std::string_view name = host_of(authority);
    return authority == host || name == "localhost" || name == "127.0.0.1" || name == "[::1]";
  }
  return false;
}

bool accepts_json(std::string_view accept) {
  if (accept.empty()) return true;
  for (const std::string_view type : {"application/json", "application/*", "*/*"}) {
    if (accept.contains(type)) return true;
  }
  return false;
}

std::optional<Failure> transport_problem(const Context& context) {
  const std::string_view origin = context.header("origin");
  if (!origin.empty() && !is_own_origin(origin, context.header("host"))) {
    return Failure{ErrorCode::authorization_error, "Pages of this origin may not ask.", {}, 0};
  }
  std::string_view type = context.header("content-type");
  type = type.substr(0, type.find_first_of("; "));
  if (type != "application/json") {
    return wrong_header("content-type", "has to be application/json", 415);
  }
  if (!accepts_json(context.header("accept"))) {
    return wrong_header("accept", "has to allow application/json", 406);
  }
  const std::string_view version = context.header("mcp-protocol-version");
  if (!version.empty() && !is_mcp_version(version)) {
    return wrong_header("mcp-protocol-version", "is none that is spoken here", 400);
  }
  return std::nullopt;
}

ApiResponse plain(const json::object& body) {
  ApiResponse response;
  response.body = json::serialize(body);
  return response;
}

}  // namespace

Answer post_mcp(Context& context) {
  if (const auto problem = transport_problem(context)) co_return failure(*problem);
  // Who names no version speaks the one that had no such header.
  const std::string_view version = context.header("mcp-protocol-version");
  const bool batches = version.empty() || version == batches_came_with;
  McpAnswer answer = co_await answer_mcp(context, context.request.body, batches);
  ApiResponse response;
  response.status = answer.status;
  if (answer.body) response.body = json::serialize(*answer.body);
  co_return response;
}

Answer get_mcp_health(Context& context) {
  co_return plain({{"status", "healthy"},
                   {"message", "MCP service is running"},
                   {"version", context.view->version}});
}

Answer list_mcp_capabilities(Context& context) {
  constexpr std::pair<std::string_view, std::string_view> modalities[] = {
      {"budget_management", "resource"},
      {"model_recommendations", "optimization"},
      {"budget_analytics", "analytics"}};
  static_cast<void>(context);
  json::array items;
  for (const std::string_view name : mcp_capabilities()) {
    json::array tools;
    for (const McpTool& tool : mcp_tools()) {
      if (tool.capability == name) tools.push_back(json::value(tool.name));
    }
    json::object item{{"name", name}, {"tools", std::move(tools)}};
    for (const auto& [capability, modality] : modalities) {
      if (capability == name) item["modality"] = modality;
    }
    items.push_back(std::move(item));
  }
  const std::size_t count = items.size();
  co_return plain({{"capabilities", std::move(items)}, {"count", count}});
}

Answer list_mcp_tools(Context& context) {
  static_cast<void>(context);
  json::array items;
  for (const McpTool& tool : mcp_tools()) {
    items.push_back(json::object{{"name", tool.name},
                                 {"description", tool.description},
                                 {"category", tool.capability},
                                 {"parameters", mcp_schema(tool)}});
  }
  const std::size_t count = items.size();
  co_return plain({{"tools", std::move(items)}, {"count", count}});
}

// What goes wrong in a tool is said in the answer, which is 200: Tekton's
// components look at its status.
Answer process_mcp(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  const std::string name = input->required_text("tool");
  const json::value* given = input->any("parameters");
  if (given != nullptr && !given->is_null() && !given->is_object()) {
    input->complain("parameters", "must be an object");
  }
  if (const auto problem = input->problem()) co_return failure(*problem);
  json::object parameters;
  if (given != nullptr && given->is_object()) parameters = given->get_object();
  const McpTool* tool = mcp_tool_named(name);
  McpResult result;
  if (tool == nullptr) {
    result = McpResult::refused("resource_not_found", "There is no tool '" + name + "'.");
  } else {
    result = co_await run_mcp_tool(context, *tool, std::move(parameters));
  }
  if (!result.failed) {
    co_return plain(
        {{"status", "success"}, {"result", std::move(result.body)}, {"error", nullptr}});
  }
  json::object body{{"status", "error"}, {"result", nullptr}};
  body["error"] = result.body["message"];
  body["code"] = result.body["code"];
  co_return plain(body);
}

}  // namespace budget::admin
