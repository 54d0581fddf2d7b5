#include "policy/ledger/message_pack.h"

namespace budget::ledger {
namespace {

constexpr std::int64_t kExact = (std::int64_t{1} << 53) - 1;
constexpr std::int64_t kBillion = 1'000'000'000;

}  // namespace

void Packer::big_endian(std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out_ += static_cast<char>(value >> shift);
  }
}

void Packer::array(std::size_t size) {
  if (size < 16) {
    out_ += static_cast<char>(0x90 | size);
  } else if (size < 65'536) {
    out_ += '\xDC';
    big_endian(size, 2);
  } else {
    out_ += '\xDD';
    big_endian(size, 4);
  }
}

void Packer::text(std::string_view value) {
  if (value.size() < 32) {
    out_ += static_cast<char>(0xA0 | value.size());
  } else if (value.size() < 256) {
    out_ += '\xD9';
    big_endian(value.size(), 1);
  } else if (value.size() < 65'536) {
    out_ += '\xDA';
    big_endian(value.size(), 2);
  } else {
    out_ += '\xDB';
    big_endian(value.size(), 4);
  }
  out_ += value;
}

void Packer::integer(std::int64_t value) {
  if (value < -kExact || value > kExact) {
    std::int64_t high = value / kBillion;
    std::int64_t low = value % kBillion;
    if (low < 0) {
      low += kBillion;
      high -= 1;
    }
    array(2);
    integer(high);
    integer(low);
  } else if (value >= 0 && value < 128) {
    out_ += static_cast<char>(value);
  } else if (value >= 0 && value < 65'536) {
    out_ += '\xCD';
    big_endian(static_cast<std::uint64_t>(value), 2);
  } else if (value >= 0 && value <= 0xFFFF'FFFF) {
    out_ += '\xCE';
    big_endian(static_cast<std::uint64_t>(value), 4);
  } else {
    out_ += '\xD3';
    big_endian(static_cast<std::uint64_t>(value), 8);
  }
}

}  // namespace budget::ledger
