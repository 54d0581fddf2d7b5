// Phase 2: which provider, which operation, what does the request say.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/pipeline/call.h"
#include "proxy/wire/problem.h"

namespace budget::pipeline {

// "/@apollo;task_type=coding/openai/v1/chat" taken apart. Views into `path`.
struct PathParts {
  std::string_view labels;    // "apollo;task_type=coding", or ""
  std::string_view provider;  // "openai"
  std::string_view rest;      // "/v1/chat": what the provider is asked for
};
[[nodiscard]] PathParts split_path(std::string_view path);

// Whether two readers could take `path` for different paths: dot segments,
// empty segments, backslashes, encoded slashes outside a Bedrock model id.
[[nodiscard]] bool ambiguous_path(std::string_view path, bool encoded_slashes_allowed);

// Fills the call's provider, path, route and (when it is metered) facts.
[[nodiscard]] std::optional<wire::Problem> route_call(Call& call);

}  // namespace budget::pipeline
