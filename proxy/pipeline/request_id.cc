#include "proxy/pipeline/request_id.h"

#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace budget::pipeline {

// Fetched in bulk: one call into OpenSSL for many ids.
std::uint64_t random_bits() {
  thread_local std::array<std::uint64_t, 256> pool;
  thread_local std::size_t left = 0;
  if (left == 0) {
    RAND_bytes(reinterpret_cast<unsigned char*>(pool.data()), static_cast<int>(sizeof pool));
    left = pool.size();
  }
  return pool[--left];
}

std::string make_request_id(policy::Time now) {
  static constexpr char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string id = "req_00000000000000000000000000";
  auto time = static_cast<std::uint64_t>(now.time_since_epoch().count());
  for (std::size_t at = 13; at >= 4; --at, time >>= 5) id[at] = digits[time & 31];
  std::uint64_t high = random_bits();
  std::uint64_t low = random_bits();
  for (std::size_t at = 21; at >= 14; --at, high >>= 5) id[at] = digits[high & 31];
  for (std::size_t at = 29; at >= 22; --at, low >>= 5) id[at] = digits[low & 31];
  return id;
}

}  // namespace budget::pipeline
