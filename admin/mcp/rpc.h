// JSON-RPC 2.0 as the Model Context Protocol speaks it
// (modelcontextprotocol.io/specification, 2025-11-25), tools alone.
#pragma once

#include <optional>
#include <string_view>

#include "admin/context.h"

namespace budget::admin {

// What is spoken when a client names no version that we know.
inline constexpr std::string_view mcp_latest_version = "2025-11-25";
[[nodiscard]] bool is_mcp_version(std::string_view version);

struct McpAnswer {
  int status = 200;                 // of HTTP
  std::optional<json::value> body;  // nullopt: there is nothing to answer
};

// Answers a body of one message, or of several where `batches` (a revision of
// the protocol, 2025-03-26, has them). A tool that fails is a result that says
// so; what is no proper request is an error of JSON-RPC. Keeps nothing of one
// request for the next: there are no sessions.
Awaitable<McpAnswer> answer_mcp(Context& context, std::string_view body, bool batches);

}  // namespace budget::admin
