// What the assistant may look at: routes of our own API, all of them readers.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "admin/context.h"

namespace budget::admin {

struct Tool {
  std::string_view name;
  std::string_view method, path;  // a route of the API's table
  std::string_view description;
};
[[nodiscard]] std::span<const Tool> tools();
[[nodiscard]] const Tool* tool_named(std::string_view name);

// JSON Schema of a tool's arguments, from the route's line in the table: path
// parameters and fields alike.
[[nodiscard]] json::object schema_of(const Tool& tool);

struct ToolResult {
  int status = 0;
  json::value body;  // `data` out of its envelope, or the whole answer
};

// Calls the route's handler as `principal`, whose role has to be enough, with
// the view and the time of now. Never throws; what is wrong with the arguments
// comes back as the API says it.
Awaitable<ToolResult> run_tool(Services& services, Principal principal, std::string name,
                               json::object arguments);

}  // namespace budget::admin
