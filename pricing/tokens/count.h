// Counting tokens: which encoding a model uses, and how many tokens a text is.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "pricing/quantity.h"

namespace budget::pricing {

enum class Encoding : std::uint8_t { o200k_base, cl100k_base };

// "o200k_base" and "cl100k_base"; nullopt for any other name.
[[nodiscard]] std::optional<Encoding> encoding_named(std::string_view name);
[[nodiscard]] std::string_view name_of(Encoding encoding);

// The encoding of an OpenAI model ("gpt-4o-2024-08-06", "ft:gpt-4o:org::id",
// "openai/gpt-4o"), by OpenAI's own model table. nullopt for a model of
// another vendor or one that is not in the table.
[[nodiscard]] std::optional<Encoding> encoding_of(std::string_view model);

// The exact number of tokens of `text`, special tokens read as ordinary text.
// Bytes that are not UTF-8 are counted as the tokens of their bytes.
// Cost: linear in `text`, whatever it holds. Thread-safe; the rank tables are
// embedded ready for use, so the first call costs no more than page faults.
[[nodiscard]] Tokens count_tokens(Encoding encoding, std::string_view text);

// The token ids themselves; the same cost.
[[nodiscard]] std::vector<std::uint32_t> encode(Encoding encoding, std::string_view text);

}  // namespace budget::pricing
