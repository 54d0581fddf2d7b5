#include "pricing/tokens/count.h"

#include "pricing/tokens/bpe.h"
#include "pricing/tokens/encoding.h"
#include "pricing/tokens/pretokenizer.h"

namespace budget::pricing {
namespace {

// Calls `token` with a piece that is one token and `piece` with one that is not.
template <class Token, class Piece>
void for_each_piece(Encoding encoding, std::string_view text, Token token, Piece piece) {
  const RankTable& ranks = RankTable::of(encoding);
  const PieceEnd piece_end = piece_end_of(encoding);
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    const char* const next = piece_end(at, end);
    const auto size = static_cast<std::size_t>(next - at);
    const auto rank = ranks.piece(at, size, end);
    if (rank != no_rank) {
      token(rank);
    } else {
      piece(std::string_view(at, size));
    }
    at = next;
  }
}

}  // namespace

Tokens count_tokens(Encoding encoding, std::string_view text) {
  Merger merger(RankTable::of(encoding));
  std::size_t count = 0;
  for_each_piece(
      encoding, text, [&](std::uint32_t) { ++count; },
      [&](std::string_view piece) { count += merger.count(piece); });
  return Tokens(static_cast<std::int64_t>(count));
}

std::vector<std::uint32_t> encode(Encoding encoding, std::string_view text) {
  Merger merger(RankTable::of(encoding));
  std::vector<std::uint32_t> ids;
  for_each_piece(
      encoding, text, [&](std::uint32_t id) { ids.push_back(id); },
      [&](std::string_view piece) { merger.append(piece, ids); });
  return ids;
}

}  // namespace budget::pricing
