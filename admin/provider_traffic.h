// What this process has seen of a provider since it started.
#pragma once

#include <atomic>
#include <cstdint>

namespace budget::admin {

// Relaxed: read by people, never by a decision. Milliseconds; instants since the
// epoch, 0 for never.
struct ProviderTraffic {
  std::atomic<std::int64_t> in_flight{0};
  std::atomic<std::int64_t> calls{0};         // that have ended
  std::atomic<std::int64_t> errors{0};        // of those: no answer, a broken one, or a 5xx
  std::atomic<std::int64_t> latency{0};       // of the calls that were answered, together
  std::atomic<std::int64_t> first_byte{0};    // of the same
  std::atomic<std::int64_t> answers{0};       // how many those are
  std::atomic<std::int64_t> last_answer{0};   // whatever its status
  std::atomic<std::int64_t> last_failure{0};  // to reach it, or to be answered in time
};

}  // namespace budget::admin
