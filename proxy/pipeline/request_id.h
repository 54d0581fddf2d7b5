// Names for calls.
#pragma once

#include <cstdint>
#include <string>

#include "policy/clock.h"

namespace budget::pipeline {

// "req_" and 26 characters of Crockford's base 32: 48 bits of time, then 80
// random bits (the ULID layout), so that ids sort by time and never meet.
[[nodiscard]] std::string make_request_id(policy::Time now);

// From a generator that cannot be foretold. Cheap.
[[nodiscard]] std::uint64_t random_bits();

}  // namespace budget::pipeline
