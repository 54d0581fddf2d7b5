// The ring in which a journal's newest frames live: a file, mapped.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "policy/ledger/journal.h"

namespace budget::ledger {

// One frame: length, checksum over (payload, length, position), payload. The
// position in the checksum keeps a frame of an earlier lap from passing as one
// of this. Integers are little-endian.
struct FrameHeader {
  std::uint32_t length = 0;
  std::uint32_t checksum = 0;
};
[[nodiscard]] std::uint32_t frame_checksum(std::uint32_t payload_checksum, std::uint32_t length,
                                           Position position);
// The frame that `bytes`, which lie at `position`, begin with: its payload;
// empty when they begin with none.
[[nodiscard]] std::string_view frame_at(std::string_view bytes, Position position);

// Not thread-safe: the journal's lock guards it.
struct Journal::Ring {
  // Maps the file, or makes it anew, of `wanted` bytes, wholly allocated on
  // disk. A ring that is there keeps its size.
  static std::expected<std::unique_ptr<Ring>, std::string> open(const std::string& path,
                                                                std::size_t wanted);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  void put(Position at, std::string_view bytes);
  void get(Position at, std::size_t size, std::string& out) const;
  // Up to where the segment files are known to be durable; 0 in a new ring.
  [[nodiscard]] Position durable() const;
  void set_durable(Position position);

  char* map = nullptr;
  std::size_t capacity = 0;
  bool is_new = false;

 private:
  Ring() = default;
};

}  // namespace budget::ledger
