#include "pricing/tokens/encoding.h"

#include <cassert>

extern "C" const char budget_o200k_base_ranks[];
extern "C" const char budget_cl100k_base_ranks[];

namespace budget::pricing {
namespace {

template <class T>
const T* section(const char* image, std::uint64_t offset) {
  return reinterpret_cast<const T*>(image + offset);
}

}  // namespace

RankTable::RankTable(const char* image) {
  const auto& header = *section<RankImageHeader>(image, 0);
  assert(header.magic == RankImageHeader::magic_value);
  longest_ = header.longest_token;
  piece_slots_ = header.piece_slots;
  pair_slots_ = header.pair_slots;
  pieces_ = section<PieceSlot>(image, header.pieces_at);
  pairs_ = section<std::uint64_t>(image, header.pairs_at);
  bytes_ = section<std::uint32_t>(image, header.bytes_at);
  byte_pairs_ = section<std::uint32_t>(image, header.byte_pairs_at);
  texts_ = section<char>(image, header.texts_at);
}

const RankTable& RankTable::of(Encoding encoding) {
  static const RankTable o200k(budget_o200k_base_ranks);
  static const RankTable cl100k(budget_cl100k_base_ranks);
  return encoding == Encoding::o200k_base ? o200k : cl100k;
}

std::optional<Encoding> encoding_named(std::string_view name) {
  for (const auto encoding : {Encoding::o200k_base, Encoding::cl100k_base}) {
    if (name == name_of(encoding)) return encoding;
  }
  return std::nullopt;
}

std::string_view name_of(Encoding encoding) {
  return encoding == Encoding::o200k_base ? "o200k_base" : "cl100k_base";
}

}  // namespace budget::pricing
