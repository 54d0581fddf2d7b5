// The body of Anthropic's Messages, which Vertex and Bedrock's InvokeModel
// take too, without its model.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "pricing/estimate.h"
#include "proxy/wire/format.h"
#include "proxy/wire/json.h"

namespace budget::wire {

// What the body says. `route.model` is the model where the path names it; the
// body may then repeat it, and nothing else.
[[nodiscard]] std::expected<RequestFacts, std::string> anthropic_facts(const Route& route,
                                                                       const RequestView& request);

// REQUIRES: anthropic_facts() accepted it.
[[nodiscard]] pricing::InputParts anthropic_parts(const RequestView& request);

// A ceiling is also kept above the thinking budget, which is lowered, or
// thinking turned off, where it no longer fits: the provider refuses the call
// otherwise.
[[nodiscard]] std::string rewrite_anthropic(const RequestView& request, const RequestFacts& facts,
                                            const Rewrite& rewrite);

// Adds what lowers the budget_tokens of `thinking` (absent or not) below
// `ceiling`, or turns thinking off where that is too low for any.
void fit_anthropic_thinking(const JsonValue& thinking, std::int64_t ceiling,
                            std::vector<Edit>& edits);

// The most tokens that a picture is counted as.
// Source: Anthropic's "Vision", section "Image costs": width × height / 750
// (or patches of 28 pixels), after it was made to fit; the largest size that
// any model takes unshrunk is 4784 tokens.
[[nodiscard]] std::int64_t anthropic_picture_tokens(const pricing::ImagePart& picture);

}  // namespace budget::wire
