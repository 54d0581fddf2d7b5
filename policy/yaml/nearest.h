// "did you mean …": the nearest of some known words.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace budget::policy {

// The word of `known` that `word` is most likely a slip of: the fewest letters
// changed, added, left out or swapped, without regard to case; nullopt when
// all are too far off. Cost: the product of the lengths, per known word.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> known);

// "; did you mean 'x'?" when there is a near word, else "; known are a, b, c".
[[nodiscard]] std::string hint_for(std::string_view word, std::span<const std::string> known);

}  // namespace budget::policy
