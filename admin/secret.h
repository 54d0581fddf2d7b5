// Secrets: made, hashed, compared.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace budget::admin {

// SHA-256. Keys that this program makes are 256 random bits, which no search
// through hashes finds, so that a slow hash would only cost the data path.
using Digest = std::array<unsigned char, 32>;

[[nodiscard]] Digest digest_of(std::string_view text);
[[nodiscard]] bool equal_in_constant_time(const Digest& a, const Digest& b);

// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(const Digest& digest);
// All zero when `text` is not 64 hexadecimal digits, which no known text has as
// its digest.
[[nodiscard]] Digest digest_from_hex(std::string_view text);

// `bytes` random bytes of the system's generator, as hexadecimal.
[[nodiscard]] std::string random_hex(std::size_t bytes);

}  // namespace budget::admin
