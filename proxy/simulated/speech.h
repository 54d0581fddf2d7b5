// What the built-in provider says to one request, before any format words it.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proxy/simulated/call.h"
#include "proxy/simulated/telling.h"

namespace budget::simulated {

// A tool the request declares; `schema` is null when it takes no arguments.
struct Tool {
  std::string_view name;
  const boost::json::value* schema = nullptr;
};

// What a request allows and demands, as its format says it.
struct Demand {
  std::optional<std::int64_t> ceiling;         // tokens, reasoning included
  std::optional<Tool> tool;                    // this tool must be called
  bool json = false;                           // the text must be JSON
  const boost::json::value* schema = nullptr;  // … of this schema
  bool thinking = false;                       // reasoning was asked for
  std::int64_t choices = 1;                    // how many answers the call is given
  bool reasoning_beside_output = false;        // X-Simulate-Output-Tokens leaves it out: Gemini
};

// One choice.
struct Speech {
  Text text;                             // "" when a tool alone is called
  std::optional<std::string> arguments;  // the demanded tool's, JSON, cut off if the ceiling cut it
  std::int64_t text_tokens = 0;
  std::int64_t tool_tokens = 0;
  std::int64_t reasoning_tokens = 0;
  bool cut = false;  // the ceiling was reached

  [[nodiscard]] bool has_text() const { return text_tokens > 0 || !arguments; }
  // Without the reasoning.
  [[nodiscard]] std::int64_t said_tokens() const { return text_tokens + tool_tokens; }
  [[nodiscard]] std::int64_t output_tokens() const { return said_tokens() + reasoning_tokens; }
};

// The `choice`th answer to a call. Without X-Simulate-Output-Tokens it has 20
// to 60 tokens, by the seed. All choices together are at most 32 Mi tokens,
// whatever the steering says. Tool arguments and JSON take what they need, up
// to the ceiling; the tokens are counted with the model's encoding.
[[nodiscard]] Speech say(const Call& call, const Demand& demand, std::uint64_t choice = 0);

// The words of a reasoning trace.
[[nodiscard]] Text thought_of(const Call& call, const Speech& speech);

// Tokens of the prompt that a cache held, by the steering.
[[nodiscard]] std::int64_t cached_of(const Call& call, std::int64_t prompt_tokens);

// The tool of that name among `tools`, the first one when `name` is "";
// nullopt when there is none.
[[nodiscard]] std::optional<Tool> tool_named(std::span<const Tool> tools, std::string_view name);

// The smallest value of a JSON schema, as JSON text: required members only,
// the first of an enum. Understands both JSON Schema and OpenAPI's dialect
// that Gemini uses; $ref into the schema itself.
[[nodiscard]] std::string smallest_of(const boost::json::value* schema);

}  // namespace budget::simulated
