// What the data plane counts of itself.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "policy/decision.h"
#include "proxy/telemetry/call_series.h"
#include "proxy/telemetry/histogram.h"
#include "proxy/wire/problem.h"

namespace budget::pipeline {

// Monotonic counters, relaxed: read by /metrics, never by a decision. Nothing
// here waits, but for the first call of a provider, model and operation.
struct Metrics {
  using Counter = std::atomic<std::int64_t>;
  using OwnTime = telemetry::Histogram<telemetry::own_bounds>;
  static constexpr std::size_t problem_kinds =
      static_cast<std::size_t>(wire::ProblemKind::internal) + 1;

  std::array<Counter, 6> calls_by_verdict{};  // by policy::Verdict
  // What settled calls cost and used. Nano-USD; a token is in one of the four.
  Counter cost_nano{0};
  Counter tokens_input{0};   // not read from a cache
  Counter tokens_cached{0};  // read from the provider's cache
  Counter tokens_output{0};  // not reasoning
  Counter tokens_reasoning{0};
  Counter upstream_errors{0};
  Counter client_aborts{0};
  Counter streams_cut{0};
  Counter overruns{0};         // calls billed above what was held for them
  Counter counts_compared{0};  // our counts of an input with the provider's
  Counter counts_drifted{0};   // of those, far apart
  Counter settle_failures{0};
  Counter shadow_denials{0};  // by shadow policies: of calls they would have refused
  Counter fail_open{0};       // admitted while the store was away
  Counter connections{0};     // open now
  Counter connections_total{0};
  std::array<Counter, problem_kinds> refusals{};  // by wire::ProblemKind

  telemetry::CallTable models;  // ended and refused calls
  // What the proxy adds: from a request's last byte until it goes to the
  // provider, and from an answer's last byte until the client has it.
  OwnTime added_before;
  OwnTime added_after;
  // Of those, in the ledger.
  OwnTime store_reserve;
  OwnTime store_settle;
  Counter store_reserve_errors{0};

  void count(policy::Verdict verdict) {
    calls_by_verdict[static_cast<std::size_t>(verdict)].fetch_add(1, std::memory_order_relaxed);
  }
  void refused(wire::ProblemKind kind) { add(refusals[static_cast<std::size_t>(kind)]); }
  static void add(Counter& counter, std::int64_t by = 1) {
    counter.fetch_add(by, std::memory_order_relaxed);
  }
};

}  // namespace budget::pipeline
