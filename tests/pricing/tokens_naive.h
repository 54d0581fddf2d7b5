// Byte pair encoding done the slow, obvious way, to compare the real one with.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "pricing/tokens/encoding.h"
#include "pricing/tokens/pretokenizer.h"

namespace budget::pricing {

// As openai/tiktoken defines it: look every adjacent pair up by its bytes, join
// the lowest rank, leftmost first, until no pair is a token. Quadratic.
inline std::vector<std::uint32_t> naive_merge(const RankTable& ranks, std::string_view piece) {
  const char* const end = piece.data() + piece.size();
  const auto rank_of = [&](std::string_view part) {
    return ranks.piece(part.data(), part.size(), end);
  };
  if (const auto whole = rank_of(piece); whole != no_rank) return {whole};
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at < piece.size(); ++at) parts.push_back(piece.substr(at, 1));
  std::vector<std::uint32_t> joined(parts.size(), no_rank);
  const auto look = [&](std::size_t at) {
    joined[at] = at + 1 < parts.size()
                     ? rank_of({parts[at].data(), parts[at].size() + parts[at + 1].size()})
                     : no_rank;
  };
  for (std::size_t at = 0; at < parts.size(); ++at) look(at);
  while (true) {
    std::size_t best = 0;
    for (std::size_t at = 1; at < parts.size(); ++at) {
      if (joined[at] < joined[best]) best = at;
    }
    if (joined[best] == no_rank) break;
    parts[best] = {parts[best].data(), parts[best].size() + parts[best + 1].size()};
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    joined.erase(joined.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    look(best);
    if (best > 0) look(best - 1);
  }
  std::vector<std::uint32_t> ids;
  for (const auto part : parts) ids.push_back(rank_of(part));
  return ids;
}

inline std::vector<std::uint32_t> naive_encode(Encoding encoding, std::string_view text) {
  std::vector<std::uint32_t> ids;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    const char* const next = piece_end_of(encoding)(at, end);
    const auto piece =
        naive_merge(RankTable::of(encoding), {at, static_cast<std::size_t>(next - at)});
    ids.insert(ids.end(), piece.begin(), piece.end());
    at = next;
  }
  return ids;
}

}  // namespace budget::pricing
