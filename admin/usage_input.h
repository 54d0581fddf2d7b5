// What a body says a call used.
#pragma once

#include <optional>

#include "admin/input.h"
#include "pricing/usage.h"

namespace budget::admin {

// Reads input_tokens and output_tokens (totals) with the parts of them that
// are told apart, images and seconds, into disjoint buckets. nullopt when the
// body says none of them; what is wrong is noted in `input`.
[[nodiscard]] std::optional<pricing::Usage> read_usage(Input& input);

}  // namespace budget::admin
