// The layout of a rank image: one encoding's ranks, made ready for look-up at
// build time by make_rank_image.cc and embedded in the binary by rank_images.S,
// so that the program starts without parsing anything and all processes share
// the pages that they touch.
//
// An image is the header, then, each at the offset that the header states and
// aligned to 64 bytes: piece slots, pair slots, ranks of single bytes, ranks of
// byte pairs, and the bytes of all tokens. Integers are in the byte order of
// the machine that built it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace budget::pricing {

// In an image, and from look-ups: there is no such token.
inline constexpr std::uint32_t no_rank = 0xFFFFFFFF;

struct RankImageHeader {
  static constexpr std::uint64_t magic_value = 0x314B4E5254474442;  // "BDGTRNK1"

  std::uint64_t magic;
  std::uint32_t tokens;
  std::uint32_t longest_token;
  std::uint32_t piece_slots;
  std::uint32_t pair_slots;
  std::uint64_t pieces_at;      // PieceSlot[piece_slots]
  std::uint64_t pairs_at;       // uint64_t[pair_slots], see pair_entry()
  std::uint64_t bytes_at;       // uint32_t[256]: the rank of each byte
  std::uint64_t byte_pairs_at;  // uint32_t[65536]: the rank of first * 256 + second
  std::uint64_t texts_at;       // the bytes of the tokens, end to end
};

// A slot of the table of whole tokens, an open-addressing hash table with
// linear probing. The slot of a key is its hash spread over the slots.
struct PieceSlot {
  std::uint64_t key;          // up to 8 bytes: the bytes, zero-padded; else their hash
  std::uint32_t rank_length;  // rank * 256 + length; 0xFFFFFFFF for an empty slot
  std::uint32_t text;         // where the bytes begin in the texts
};

// The table of merges holds, for each token that merging can make, the one pair
// of tokens that it is made of: left, right and result in 18 bits each.
inline constexpr std::uint64_t empty_pair = ~std::uint64_t{0};
inline constexpr std::uint64_t pair_key(std::uint32_t left, std::uint32_t right) {
  return std::uint64_t{left} << 18 | right;
}
inline constexpr std::uint64_t pair_entry(std::uint64_t key, std::uint32_t merged) {
  return key << 18 | merged;
}

// Folds the 128-bit product: every bit of both operands reaches the result.
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
inline constexpr std::uint64_t hash_factor = 0x9E3779B97F4A7C15;

inline std::uint64_t load_8(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// The key of a piece of more than 8 bytes.
inline std::uint64_t long_piece_key(const char* piece, std::size_t size) {
  std::uint64_t hash = size * hash_factor;
  for (std::size_t at = 0; at + 8 < size; at += 8) {
    hash = mix(hash ^ load_8(piece + at), hash_factor);
  }
  return mix(hash ^ load_8(piece + size - 8), hash_factor);
}

inline std::uint32_t spread(std::uint64_t hash, std::uint32_t slots) {
  return static_cast<std::uint32_t>(((hash >> 32) * slots) >> 32);
}
inline std::uint32_t piece_slot(std::uint64_t key, std::size_t size, std::uint32_t slots) {
  return spread(mix(key ^ (size << 56), hash_factor), slots);
}
inline std::uint32_t pair_slot(std::uint64_t key, std::uint32_t slots) {
  return spread(key * hash_factor, slots);
}

}  // namespace budget::pricing
