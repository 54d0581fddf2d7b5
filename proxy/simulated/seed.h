// Where the built-in provider's chance comes from: the request alone.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string_view>

namespace budget::simulated {

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers from the same seed,
// on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 … count - 1. REQUIRES: count > 0.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(next() % count); }

 private:
  std::uint64_t state_;
};

[[nodiscard]] std::uint64_t hash_of(std::string_view bytes, std::uint64_t start = 0);

// What the words depend on: the model and every member of the body but those
// that say how the answer is told (stream, its options, an encoding) or where
// it ends (the ceilings). So a streamed answer has the words of the plain one,
// and a clamped answer is the beginning of the whole one.
[[nodiscard]] std::uint64_t seed_of(std::string_view model, const boost::json::object& body);

}  // namespace budget::simulated
