// Splits text into the pieces that are encoded one by one.
#pragma once

#include "pricing/tokens/count.h"

namespace budget::pricing {

// The end of the piece that begins at `begin`, by the encoding's split pattern:
// what OpenAI's regular expression would match there. The pieces cover the
// text without gaps, so the next one begins where this one ends. A byte that is
// not part of a valid UTF-8 sequence is a symbol of its own, without a class.
//
// o200k_base (classes by Unicode 16, `\s` is White_Space):
//   [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//   |[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//   |\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
// cl100k_base:
//   (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}
//   | ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
// (openai/tiktoken, tiktoken_ext/openai_public.py.)
//
// Cost over a whole text: linear; no symbol is looked at more than a few times.
// REQUIRES: begin < end.
using PieceEnd = const char* (*)(const char* begin, const char* end);
[[nodiscard]] PieceEnd piece_end_of(Encoding encoding);

}  // namespace budget::pricing
