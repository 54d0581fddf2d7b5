// The tools that models and Tekton's components use this proxy by. Each does
// what one or a few requests of the API do, as whoever asked.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/context.h"

namespace budget::admin {

// One argument of a tool. Its name is Tekton's where Tekton's components send
// it, else the API's.
struct McpArgument {
  std::string_view name;
  std::string_view type;  // of JSON Schema
  std::string_view description;
  bool required = false;
  std::string_view extra{};  // more of its schema, as JSON
  // The API's name, where the argument goes to the request as it is and is
  // named otherwise there.
  std::string_view field{};
};

// What a tool answers: an object, or why there is none.
struct McpResult {
  bool failed = false;
  json::object body;  // failed: code, message, details as the API has them

  [[nodiscard]] static McpResult refused(std::string_view code, std::string message);
};

// One call of a tool, in the frame of the request that makes it.
class McpCall {
 public:
  McpCall(Context& context, json::object arguments)
      : context_(context), arguments_(std::move(arguments)) {}

  // The API's answer to a request by the same caller, with the caller's role.
  struct Told {
    int status = 0;
    json::object data;  // out of its envelope; a failure's is the error
    [[nodiscard]] bool failed() const { return status < 200 || status >= 300; }
    [[nodiscard]] McpResult result() const { return {failed(), data}; }
  };
  Awaitable<Told> ask(std::string method, std::string path, std::string query = "",
                      json::object body = {});

  [[nodiscard]] const json::object& arguments() const { return arguments_; }
  [[nodiscard]] bool has(std::string_view name) const;
  // "" when it was not said. REQUIRES: the argument is a string.
  [[nodiscard]] std::string text(std::string_view name) const;
  // As a body of the API, less those of `without`.
  [[nodiscard]] json::object body(std::initializer_list<std::string_view> without = {}) const;
  [[nodiscard]] policy::Time now() const { return context_.now; }

 private:
  Context& context_;
  json::object arguments_;  // by the API's names where they have one; no nulls
};

struct McpTool {
  std::string_view name, title, description;
  std::string_view capability;  // one of mcp_capabilities()
  bool writes = false;
  std::span<const McpArgument> arguments;
  Awaitable<McpResult> (*run)(McpCall& call) = nullptr;
};

[[nodiscard]] std::span<const McpTool> mcp_tools();
[[nodiscard]] const McpTool* mcp_tool_named(std::string_view name);
// What the tools are grouped by, as Tekton names it.
[[nodiscard]] std::span<const std::string_view> mcp_capabilities();

// JSON Schema of the tool's arguments.
[[nodiscard]] json::object mcp_schema(const McpTool& tool);
// Runs the tool. An argument that is not known, missing or of another type is a
// failed result, as is what the API refuses; never throws.
Awaitable<McpResult> run_mcp_tool(Context& context, const McpTool& tool, json::object arguments);

}  // namespace budget::admin
