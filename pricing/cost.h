// From usage to money: the only place where the two meet.
#pragma once

#include "pricing/catalog.h"
#include "pricing/money.h"
#include "pricing/price.h"
#include "pricing/usage.h"

namespace budget::pricing {

// total == input + output, always.
struct Cost {
  Money input;   // tokens in, and per-request and per-search charges
  Money output;  // tokens, images, audio and characters out
  Money total;

  friend bool operator==(const Cost&, const Cost&) = default;
};

// The cost of `usage` at `found`, where `tier` is what the response says.
// Products are taken in 128 bits, summed, and rounded up once, to the nano-USD;
// so is `input` alone, and `output` is the rest. A long-context tier is chosen
// by usage.input_total(). Zero when found.match is `free`. Saturates.
// REQUIRES: found.priced().
[[nodiscard]] Cost cost_of(const Usage& usage, const FoundPrice& found, ServiceTier tier);

// What decides the worst case of a call before it is made.
struct WorstCase {
  Tokens input;                 // exact, or an upper bound
  Tokens output_ceiling;        // over all choices
  bool cache_write_5m = false;  // the request asks for a cache entry
  bool cache_write_1h = false;
  // Whether the input may hold audio or pictures; where not known, it may.
  bool audio_input = true;
  bool image_input = true;
  std::int64_t images = 0;
  std::int64_t audio_milliseconds = 0;
  std::int64_t characters = 0;
  std::int64_t search_units = 0;
  // The dearest tier the request allows: `priority` for a request that says
  // "auto" or "priority", since either may be billed so.
  ServiceTier tier = ServiceTier::standard;
};

// The most a call may cost: every input token at the dearest rate that could
// apply to it, every output token at the dearest output rate the price states,
// in the dearest long-context tier the input could reach, and in the dearest
// service tier the request allows. Never below cost_of() of any usage within
// the ceiling, in any tier but an unasked `priority`.
// REQUIRES: found.priced().
[[nodiscard]] Cost worst_case_cost(const WorstCase& worst, const FoundPrice& found);

// The largest output ceiling, at most worst.output_ceiling, whose
// worst_case_cost is within `room`; negative when not even the input fits.
[[nodiscard]] Tokens output_that_fits(const WorstCase& worst, const FoundPrice& found, Money room);

}  // namespace budget::pricing
