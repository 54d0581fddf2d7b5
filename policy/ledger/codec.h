// Bytes of journal entries: varints and length-prefixed strings.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/counter.h"
#include "policy/ledger/usage_record.h"

namespace budget::ledger {

// Appends values to a buffer that the caller owns. Integers are zigzag
// varints: small ones take one byte. Not thread-safe.
class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  void number(std::int64_t value) {
    auto rest = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    for (; rest >= 0x80; rest >>= 7) out_.push_back(static_cast<char>(rest | 0x80));
    out_.push_back(static_cast<char>(rest));
  }
  void text(std::string_view value);
  void flag(bool value) { number(value ? 1 : 0); }
  void time(policy::Time value) { number(value.time_since_epoch().count()); }
  void time(const std::optional<policy::Time>& value);
  void amount(const policy::Amount& value);
  void counter(const policy::CounterRef& value);
  void record(const UsageRecord& value);

 private:
  std::string& out_;
};

// Reads what an Encoder wrote, in the same order. After the first value that
// is not there `ok()` is false and every further value is zero or empty, so
// check once at the end. Never reads outside `bytes`.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] std::int64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7Fu) << shift;
      if (byte < 0x80) return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
    }
    fail();
    return 0;
  }
  [[nodiscard]] std::string text();
  [[nodiscard]] bool flag() { return number() != 0; }
  // A number of elements that follow; each takes at least one byte.
  [[nodiscard]] std::size_t count();
  [[nodiscard]] policy::Time time() { return policy::Time(std::chrono::milliseconds(number())); }
  [[nodiscard]] std::optional<policy::Time> optional_time();
  [[nodiscard]] policy::Amount amount();
  [[nodiscard]] policy::CounterRef counter();
  [[nodiscard]] UsageRecord record();

  [[nodiscard]] bool ok() const { return ok_; }
  // Everything was there and nothing is left.
  [[nodiscard]] bool complete() const { return ok_ && rest_.empty(); }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace budget::ledger
