// One encoding's ranks, as look-ups.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pricing/tokens/count.h"
#include "pricing/tokens/rank_image.h"

namespace budget::pricing {

// A view of an embedded rank image. A token's rank is also its id. Immutable
// and thread-safe; every look-up is O(1) in the number of tokens and reads a
// cache line or two. no_rank means that there is no such token.
class RankTable {
 public:
  // The table of an encoding; lives as long as the program. Costs nothing.
  [[nodiscard]] static const RankTable& of(Encoding encoding);

  // The token that is exactly piece[0, size). May read up to `readable_end`,
  // so that short pieces are loaded in one go. REQUIRES: size > 0.
  [[nodiscard]] std::uint32_t piece(const char* piece, std::size_t size,
                                    const char* readable_end) const {
    if (size > longest_) return no_rank;
    const std::uint64_t key =
        size <= 8 ? short_key(piece, size, readable_end) : long_piece_key(piece, size);
    auto slot = piece_slot(key, size, piece_slots_);
    while (true) {
      const PieceSlot& found = pieces_[slot];
      if (found.rank_length == no_rank) return no_rank;
      if (found.key == key && (found.rank_length & 0xFF) == size &&
          (size <= 8 || std::memcmp(texts_ + found.text, piece, size) == 0)) {
        return found.rank_length >> 8;
      }
      slot = slot + 1 == piece_slots_ ? 0 : slot + 1;
    }
  }

  // The token that two adjacent tokens merge into.
  [[nodiscard]] std::uint32_t pair(std::uint32_t left, std::uint32_t right) const {
    const auto key = pair_key(left, right);
    auto slot = pair_slot(key, pair_slots_);
    while (true) {
      const std::uint64_t found = pairs_[slot];
      if (found >> 18 == key) return static_cast<std::uint32_t>(found & 0x3FFFF);
      if (found == empty_pair) return no_rank;
      slot = slot + 1 == pair_slots_ ? 0 : slot + 1;
    }
  }

  [[nodiscard]] std::uint32_t byte(unsigned char byte) const { return bytes_[byte]; }
  // The token that two adjacent bytes merge into.
  [[nodiscard]] std::uint32_t byte_pair(unsigned char first, unsigned char second) const {
    return byte_pairs_[first * 256U + second];
  }
  // The length in bytes of the longest token.
  [[nodiscard]] std::size_t longest() const { return longest_; }

 private:
  explicit RankTable(const char* image);

  static std::uint64_t short_key(const char* piece, std::size_t size, const char* readable_end) {
    if (readable_end - piece >= 8) return load_8(piece) & (~std::uint64_t{0} >> (64 - 8 * size));
    std::uint64_t key = 0;
    for (std::size_t at = size; at-- > 0;) key = key << 8 | static_cast<unsigned char>(piece[at]);
    return key;
  }

  std::size_t longest_;
  std::uint32_t piece_slots_;
  std::uint32_t pair_slots_;
  const PieceSlot* pieces_;
  const std::uint64_t* pairs_;
  const std::uint32_t* bytes_;
  const std::uint32_t* byte_pairs_;
  const char* texts_;
};

}  // namespace budget::pricing
