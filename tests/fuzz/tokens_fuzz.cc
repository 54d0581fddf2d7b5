// libFuzzer target: encoding any bytes gives what the slow way gives.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "pricing/tokens/count.h"
#include "tests/pricing/tokens_naive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace budget::pricing;
  // The slow way is quadratic.
  constexpr std::size_t size_max = 4096;
  const std::string_view text(reinterpret_cast<const char*>(data), std::min(size, size_max));
  for (const auto encoding : {Encoding::o200k_base, Encoding::cl100k_base}) {
    const auto ids = encode(encoding, text);
    if (ids != naive_encode(encoding, text)) std::abort();
    if (count_tokens(encoding, text).value() != static_cast<std::int64_t>(ids.size())) std::abort();
  }
  return 0;
}
