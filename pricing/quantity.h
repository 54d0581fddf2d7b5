// Integer amounts that cannot be mixed up or wrap around.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace budget::pricing {

// A signed 64-bit amount of one unit. Sums and differences saturate instead of
// overflowing, so an absurd figure from a peer can make an amount huge, never
// small or negative. Trivially copyable; every operation is O(1) and noexcept.
template <class Unit>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(std::int64_t value) : value_(value) {}

  [[nodiscard]] constexpr std::int64_t value() const { return value_; }
  [[nodiscard]] static constexpr Quantity max() {
    return Quantity(std::numeric_limits<std::int64_t>::max());
  }

  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a.value_, b.value_, &sum)) sum = limit(b.value_);
    return Quantity(sum);
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(a.value_, b.value_, &difference)) {
      difference = b.value_ > 0 ? std::numeric_limits<std::int64_t>::min()
                                : std::numeric_limits<std::int64_t>::max();
    }
    return Quantity(difference);
  }
  constexpr Quantity& operator+=(Quantity other) { return *this = *this + other; }
  constexpr Quantity& operator-=(Quantity other) { return *this = *this - other; }
  friend constexpr auto operator<=>(Quantity, Quantity) = default;

 private:
  static constexpr std::int64_t limit(std::int64_t direction) {
    return direction > 0 ? std::numeric_limits<std::int64_t>::max()
                         : std::numeric_limits<std::int64_t>::min();
  }

  std::int64_t value_ = 0;
};

struct TokenUnit;
// A number of tokens.
using Tokens = Quantity<TokenUnit>;

}  // namespace budget::pricing
