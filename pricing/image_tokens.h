// How many tokens a picture is.
#pragma once

#include <cstdint>
#include <string_view>

#include "pricing/estimate.h"

namespace budget::pricing {

// By the vendor's published rules, rounded up wherever they leave room, and for
// the largest picture that the rules know when the size is not known. Where a
// vendor's documents and what it was seen to bill differ, the greater is taken.
// Sources (read 2026-11): OpenAI "Images and vision", section on costs (tiles of
// 512 px, patches of 32 px, budgets and factors by model); Anthropic "Vision"
// (area / 750, patches of 28 px, at most 4,784 tokens); Google "Understand and
// count tokens" and "Media resolution" (258 a tile, at most 2,240 in Gemini 3).
// A vendor without rules counts as patches of 16 px, at most 16,384.
[[nodiscard]] std::int64_t image_tokens(const ImagePart& image, Vendor vendor,
                                        std::string_view model);

}  // namespace budget::pricing
