// Byte pair encoding of one piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "pricing/tokens/encoding.h"

namespace budget::pricing {

// Encodes pieces that are not tokens as a whole: starting from single bytes,
// again and again joins the adjacent pair that makes the token of lowest rank,
// the leftmost of equals. Not thread-safe; keeps its working memory, which
// grows to about 4 bytes a byte of the longest piece, from piece to piece.
//
// Cost: linear in the piece. Short pieces are merged by scanning. Long ones are
// cut into blocks that overlap, each merged with a heap of bounded size, and
// joined at a token that both neighbours have in the same place. That is exact:
// a row of tokens is the encoding of its bytes if and only if each two
// neighbours are the encoding of theirs (a merge across a boundary would happen
// there for the two alone just as it does for the whole), and in the joined row
// each two neighbours come from one block's encoding. Where blocks share no
// token the overlap and the block grow, and the doubling keeps the sum linear
// but for the heap's logarithm.
class Merger {
 public:
  explicit Merger(const RankTable& ranks) : ranks_(ranks) {}

  // The number of tokens of `piece`.
  // REQUIRES: the piece is not empty, and not a token itself.
  [[nodiscard]] std::size_t count(std::string_view piece);
  // Appends the tokens of `piece` to `ids`. REQUIRES: as count().
  void append(std::string_view piece, std::vector<std::uint32_t>& ids);

  // How many elementary steps (looks at a pair) all calls took: what the tests
  // of linearity measure.
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

 private:
  struct Part {  // of a doubly linked list in an array; a part's index is where it begins
    std::uint32_t id;
    std::uint32_t previous;
    std::uint32_t next;
    std::uint32_t merged;  // what it makes with the next part, or no_rank
  };

  // Both leave the tokens in a buffer, as id * 256 + length, and return how many.
  std::size_t merge_short(std::string_view piece, std::uint32_t* tokens);
  void merge_long(std::string_view piece);
  void merge_block(std::string_view block);
  void push(std::uint32_t merged, std::uint32_t at);
  [[nodiscard]] bool join(std::size_t from);

  const RankTable& ranks_;
  std::uint64_t steps_ = 0;
  std::vector<Part> parts_;
  std::vector<std::uint64_t> heap_;
  std::vector<std::uint32_t> block_;   // the tokens of the block merged last
  std::vector<std::uint32_t> tokens_;  // the tokens of the piece so far
};

}  // namespace budget::pricing
