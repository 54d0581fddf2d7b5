#include "pricing/tokens/bpe.h"

#include <algorithm>
#include <array>
#include <functional>

namespace budget::pricing {
namespace {

// Up to here a scan for the lowest rank beats a heap.
constexpr std::size_t short_piece_bytes = 40;
// A block's heap and parts fit the first-level cache.
constexpr std::size_t block_bytes = 384;
// How far a block reaches back. Ordinary text is in step again after a few
// tokens.
constexpr std::size_t overlap_bytes = 64;
// A block begins with a whole token, of at most 255 bytes, before the overlap.
// It must reach beyond what is done.
static_assert(block_bytes > overlap_bytes + 255);

inline unsigned char byte_at(std::string_view piece, std::size_t index) {
  return static_cast<unsigned char>(piece[index]);
}
inline std::uint32_t pack(std::uint32_t id, std::size_t length) {
  return id << 8 | static_cast<std::uint32_t>(length);
}
inline std::uint32_t id_of(std::uint32_t packed) {
  return packed >> 8;
}
inline std::uint32_t length_of(std::uint32_t packed) {
  return packed & 0xFF;
}

}  // namespace

std::size_t Merger::merge_short(std::string_view piece, std::uint32_t* tokens) {
  std::array<std::uint32_t, short_piece_bytes> ids;
  std::array<std::uint32_t, short_piece_bytes> merged;
  std::size_t count = piece.size();
  for (std::size_t at = 0; at < count; ++at) ids[at] = ranks_.byte(byte_at(piece, at));
  for (std::size_t at = 0; at + 1 < count; ++at) {
    merged[at] = ranks_.byte_pair(byte_at(piece, at), byte_at(piece, at + 1));
  }
  while (count > 1) {
    std::size_t best = 0;
    std::uint32_t lowest = merged[0];
    for (std::size_t at = 1; at + 1 < count; ++at) {
      if (merged[at] < lowest) {
        lowest = merged[at];
        best = at;
      }
    }
    steps_ += count;
    if (lowest == no_rank) break;
    ids[best] = lowest;
    --count;
    for (std::size_t at = best + 1; at < count; ++at) ids[at] = ids[at + 1];
    for (std::size_t at = best + 1; at + 1 < count; ++at) merged[at] = merged[at + 1];
    if (best > 0) merged[best - 1] = ranks_.pair(ids[best - 1], lowest);
    if (best + 1 < count) merged[best] = ranks_.pair(lowest, ids[best + 1]);
  }
  std::copy_n(ids.begin(), count, tokens);
  return count;
}

void Merger::push(std::uint32_t merged, std::uint32_t at) {
  if (merged == no_rank) return;
  heap_.push_back(std::uint64_t{merged} << 32 | at);
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

void Merger::merge_block(std::string_view block) {
  const auto size = static_cast<std::uint32_t>(block.size());
  parts_.resize(size);
  heap_.clear();
  for (std::uint32_t at = 0; at < size; ++at) {
    const auto merged =
        at + 1 < size ? ranks_.byte_pair(byte_at(block, at), byte_at(block, at + 1)) : no_rank;
    parts_[at] = {ranks_.byte(byte_at(block, at)), at - 1, at + 1, merged};
    if (merged != no_rank) heap_.push_back(std::uint64_t{merged} << 32 | at);
  }
  std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
  steps_ += size;

  while (!heap_.empty()) {
    const auto merged = static_cast<std::uint32_t>(heap_.front() >> 32);
    const auto at = static_cast<std::uint32_t>(heap_.front());
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    heap_.pop_back();
    ++steps_;
    Part& part = parts_[at];
    // A pair that has changed since it was pushed was pushed again.
    if (part.merged != merged) continue;
    Part& gone = parts_[part.next];
    part.id = merged;
    part.next = gone.next;
    part.merged = no_rank;
    gone.merged = no_rank;
    if (part.next < size) {
      parts_[part.next].previous = at;
      part.merged = ranks_.pair(merged, parts_[part.next].id);
      push(part.merged, at);
    }
    if (at > 0) {
      Part& before = parts_[part.previous];
      before.merged = ranks_.pair(before.id, merged);
      push(before.merged, part.previous);
    }
  }

  block_.clear();
  for (std::uint32_t at = 0; at < size; at = parts_[at].next) {
    block_.push_back(pack(parts_[at].id, parts_[at].next - at));
  }
}

// Replaces tokens_[from, end) by block_, which encodes the same bytes and more,
// after the first token that both have in the same place. False when there is
// none.
bool Merger::join(std::size_t from) {
  std::size_t mine = from;
  std::size_t its = 0;
  std::size_t my_start = 0;
  std::size_t its_start = 0;
  while (mine < tokens_.size() && its < block_.size()) {
    ++steps_;
    if (my_start == its_start && tokens_[mine] == block_[its]) {
      tokens_.resize(mine);
      tokens_.insert(tokens_.end(), block_.begin() + static_cast<std::ptrdiff_t>(its),
                     block_.end());
      return true;
    }
    if (my_start <= its_start) {
      my_start += length_of(tokens_[mine++]);
    } else {
      its_start += length_of(block_[its++]);
    }
  }
  return false;
}

void Merger::merge_long(std::string_view piece) {
  std::size_t block_size = block_bytes;
  std::size_t overlap = overlap_bytes;
  merge_block(piece.substr(0, block_size));
  tokens_ = block_;
  std::size_t done = std::min(block_size, piece.size());
  while (done < piece.size()) {
    std::size_t from = tokens_.size();
    std::size_t start = done;
    while (from > 0 && done - start < overlap) start -= length_of(tokens_[--from]);
    merge_block(piece.substr(start, block_size));
    if (start == 0) {
      tokens_ = block_;
    } else if (!join(from)) {
      overlap *= 4;
      block_size = std::max(block_size, overlap * 4);
      continue;
    }
    done = std::min(start + block_size, piece.size());
  }
}

std::size_t Merger::count(std::string_view piece) {
  if (piece.size() <= short_piece_bytes) {
    std::array<std::uint32_t, short_piece_bytes> tokens;
    return merge_short(piece, tokens.data());
  }
  merge_long(piece);
  return tokens_.size();
}

void Merger::append(std::string_view piece, std::vector<std::uint32_t>& ids) {
  if (piece.size() <= short_piece_bytes) {
    std::array<std::uint32_t, short_piece_bytes> tokens;
    const auto count = merge_short(piece, tokens.data());
    ids.insert(ids.end(), tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count));
    return;
  }
  merge_long(piece);
  for (const auto token : tokens_) ids.push_back(id_of(token));
}

}  // namespace budget::pricing
