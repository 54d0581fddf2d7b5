// How many tokens the tools of a request are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pricing/tokens/count.h"

namespace budget::pricing {

// The estimate that OpenAI publishes (openai-cookbook,
// How_to_count_tokens_with_tiktoken, section on tool calls): constants for each
// function, property and enum value, plus the tokens of "name:description" and
// "key:type:description". Nested properties count like outer ones. Each schema
// is a tool as sent, in the Chat or the Responses form; what is not JSON or not
// a function counts as a function without properties. 0 without tools.
// Cost: linear in the schemas.
[[nodiscard]] std::int64_t tool_tokens(const std::vector<std::string>& schemas, Encoding encoding);

}  // namespace budget::pricing
