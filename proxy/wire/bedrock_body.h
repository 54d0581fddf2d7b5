// The bodies of Bedrock's Converse and InvokeModel.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "pricing/estimate.h"
#include "proxy/wire/format.h"

namespace budget::wire {

// Route::variant of Bedrock's routes.
enum class BedrockCall : std::uint8_t { converse, invoke };

[[nodiscard]] std::expected<RequestFacts, std::string> bedrock_facts(const Route& route,
                                                                     const RequestView& request);
// REQUIRES: bedrock_facts() accepted it.
[[nodiscard]] pricing::InputParts bedrock_parts(const Route& route, const RequestView& request);
// Whoever rewrites has to sign anew: a signature covers the body.
[[nodiscard]] std::string rewrite_bedrock(const Route& route, const RequestView& request,
                                          const RequestFacts& facts, const Rewrite& rewrite);

}  // namespace budget::wire
