// What is told of one call's place in a trace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/telemetry/trace_context.h"

namespace budget::telemetry {

struct Attribute {
  std::string_view name;  // a literal
  std::variant<std::string, std::int64_t, bool> value;
};

// One finished span. Never holds a prompt, an answer or a key.
struct Span {
  TraceContext context;  // its own
  std::optional<SpanId> parent;
  std::string trace_state;  // the caller's, unchanged
  std::string name;
  std::int64_t started_ns = 0;  // since the epoch
  std::int64_t ended_ns = 0;
  std::vector<Attribute> attributes;
  std::string error;  // "": it did what was asked
};

}  // namespace budget::telemetry
