// MessagePack, as much as the scripts' arguments need.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace budget::ledger {

// Appends values to a buffer of its own. https://msgpack.org; the server's
// reader (cmsgpack) makes a double of every integer, so those beyond 2^53 are
// written as the pair that lua/integer.lua computes with. Not thread-safe.
class Packer {
 public:
  // Followed by that many values.
  void array(std::size_t size);
  void text(std::string_view value);
  void integer(std::int64_t value);
  void boolean(bool value) { out_ += value ? '\xC3' : '\xC2'; }

  [[nodiscard]] const std::string& bytes() const { return out_; }

 private:
  void big_endian(std::uint64_t value, int bytes);

  std::string out_;
};

}  // namespace budget::ledger
