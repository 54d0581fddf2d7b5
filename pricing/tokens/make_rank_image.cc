// Turns a .tiktoken file, one "base64-bytes rank" line a token, into a rank
// image (rank_image.h):
//
//   make_rank_image INPUT OUTPUT
//
// A build tool: it ends with an exception or status 1 when anything is amiss.
#include <array>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "pricing/tokens/rank_image.h"

namespace budget::pricing {
namespace {

using Ranks = std::unordered_map<std::string_view, std::uint32_t>;

std::string decode_base64(std::string_view text) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    if (c == '=') break;
    const auto digit = digits.find(c);
    if (digit == std::string_view::npos) throw std::runtime_error("not base64");
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<char>(bits >> held & 0xFF));
    }
  }
  return bytes;
}

// The tokens' bytes by rank. Ranks must be 0, 1, 2, … without a gap.
std::vector<std::string> read_tokens(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> tokens;
  std::string line;
  while (std::getline(file, line)) {
    const auto space = line.find(' ');
    if (space == std::string::npos) throw std::runtime_error("a line without a rank");
    if (std::stoul(line.substr(space + 1)) != tokens.size()) {
      throw std::runtime_error("ranks are not in order");
    }
    tokens.push_back(decode_base64(std::string_view(line).substr(0, space)));
    if (tokens.back().empty() || tokens.back().size() > 255) {
      throw std::runtime_error("a token is empty or longer than 255 bytes");
    }
  }
  if (tokens.size() < 256 || tokens.size() >= (1U << 18)) {
    throw std::runtime_error("the number of tokens is absurd");
  }
  return tokens;
}

// The two tokens that byte pair encoding joins last to make `token`, when it
// encodes the token's own bytes. No other pair ever meets that makes the same
// token: as long as no merge crosses the ends of a stretch of bytes, what
// happens inside it does not depend on what is around it, so whenever two
// adjacent parts cover exactly these bytes, they are the two parts that the
// stretch alone would have come to. {no_rank, no_rank} for a token that merging
// never makes (it is still found as a whole piece).
std::pair<std::uint32_t, std::uint32_t> last_merge(std::string_view token, const Ranks& ranks) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at < token.size(); ++at) parts.push_back(token.substr(at, 1));
  while (parts.size() > 2) {
    std::size_t best = 0;
    std::uint32_t best_rank = no_rank;
    for (std::size_t at = 0; at + 1 < parts.size(); ++at) {
      const auto found = ranks.find({parts[at].data(), parts[at].size() + parts[at + 1].size()});
      if (found != ranks.end() && found->second < best_rank) {
        best_rank = found->second;
        best = at;
      }
    }
    if (best_rank == no_rank) return {no_rank, no_rank};
    parts[best] = {parts[best].data(), parts[best].size() + parts[best + 1].size()};
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
  return {ranks.at(parts[0]), ranks.at(parts[1])};
}

std::uint64_t key_of(std::string_view token) {
  if (token.size() > 8) return long_piece_key(token.data(), token.size());
  std::array<char, 8> padded{};
  token.copy(padded.data(), token.size());
  return load_8(padded.data());
}

// Tokens are put in by rank, so that frequent ones are found at the first look.
std::vector<PieceSlot> piece_table(const std::vector<std::string>& tokens) {
  std::vector<PieceSlot> slots(tokens.size() * 17 / 10, PieceSlot{0, no_rank, 0});
  const auto size = static_cast<std::uint32_t>(slots.size());
  std::uint32_t text = 0;
  for (std::uint32_t rank = 0; rank < tokens.size(); ++rank) {
    const auto& token = tokens[rank];
    const auto key = key_of(token);
    auto slot = piece_slot(key, token.size(), size);
    while (slots[slot].rank_length != no_rank) slot = slot + 1 == size ? 0 : slot + 1;
    slots[slot] = {key, rank << 8 | static_cast<std::uint32_t>(token.size()), text};
    text += static_cast<std::uint32_t>(token.size());
  }
  return slots;
}

std::vector<std::uint64_t> pair_table(const std::vector<std::string>& tokens, const Ranks& ranks) {
  std::vector<std::uint64_t> slots(tokens.size() * 2, empty_pair);
  const auto size = static_cast<std::uint32_t>(slots.size());
  for (std::uint32_t rank = 0; rank < tokens.size(); ++rank) {
    if (tokens[rank].size() < 2) continue;
    const auto [left, right] = last_merge(tokens[rank], ranks);
    if (left == no_rank) continue;
    const auto key = pair_key(left, right);
    auto slot = pair_slot(key, size);
    while (slots[slot] != empty_pair) slot = slot + 1 == size ? 0 : slot + 1;
    slots[slot] = pair_entry(key, rank);
  }
  return slots;
}

class ImageWriter {
 public:
  explicit ImageWriter(const std::string& path) : file_(path, std::ios::binary) {
    append(&header, sizeof header);
  }

  // Writes at the next multiple of 64 and returns where that is.
  std::uint64_t append(const void* data, std::size_t size) {
    static constexpr std::array<char, 64> zeros{};
    const std::size_t gap = (64 - at_ % 64) % 64;
    file_.write(zeros.data(), static_cast<std::streamsize>(gap));
    const auto begin = at_ + gap;
    file_.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
    at_ = begin + size;
    return begin;
  }
  template <class T>
  std::uint64_t append(const std::vector<T>& values) {
    return append(values.data(), values.size() * sizeof(T));
  }

  void finish() {
    header.magic = RankImageHeader::magic_value;
    file_.seekp(0);
    file_.write(reinterpret_cast<const char*>(&header), sizeof header);
    file_.close();
    if (!file_) throw std::runtime_error("could not write the image");
  }

  RankImageHeader header{};

 private:
  std::ofstream file_;
  std::uint64_t at_ = 0;
};

void make_image(const std::string& input, const std::string& output) {
  const auto tokens = read_tokens(input);
  Ranks ranks;
  std::string texts;
  std::size_t longest = 0;
  for (std::uint32_t rank = 0; rank < tokens.size(); ++rank) {
    if (!ranks.emplace(tokens[rank], rank).second) throw std::runtime_error("a token twice");
    texts += tokens[rank];
    longest = std::max(longest, tokens[rank].size());
  }

  std::vector<std::uint32_t> bytes(256);
  std::vector<std::uint32_t> byte_pairs(65536, no_rank);
  for (const auto& [token, rank] : ranks) {
    const auto first = static_cast<unsigned char>(token[0]);
    if (token.size() == 1) bytes[first] = rank;
    if (token.size() == 2) byte_pairs[first * 256U + static_cast<unsigned char>(token[1])] = rank;
  }
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (!ranks.contains({&c, 1})) throw std::runtime_error("a byte has no token");
  }

  const auto pieces = piece_table(tokens);
  const auto pairs = pair_table(tokens, ranks);
  ImageWriter image(output);
  image.header.tokens = static_cast<std::uint32_t>(tokens.size());
  image.header.longest_token = static_cast<std::uint32_t>(longest);
  image.header.piece_slots = static_cast<std::uint32_t>(pieces.size());
  image.header.pair_slots = static_cast<std::uint32_t>(pairs.size());
  image.header.pieces_at = image.append(pieces);
  image.header.pairs_at = image.append(pairs);
  image.header.bytes_at = image.append(bytes);
  image.header.byte_pairs_at = image.append(byte_pairs);
  image.header.texts_at = image.append(texts.data(), texts.size());
  image.finish();
}

}  // namespace
}  // namespace budget::pricing

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: make_rank_image INPUT OUTPUT\n";
    return 1;
  }
  try {
    budget::pricing::make_image(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << "make_rank_image: " << argv[1] << ": " << error.what() << '\n';
    return 1;
  }
  return 0;
}
