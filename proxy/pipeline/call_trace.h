// A call as a span of a trace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/ledger/usage_record.h"
#include "pricing/usage.h"
#include "proxy/net/http_parser.h"
#include "proxy/telemetry/exporter.h"
#include "proxy/telemetry/trace_context.h"

namespace budget::pipeline {

struct Call;

// Where traces go, and which calls are traced. Made once, thread-safe.
struct Tracer {
  telemetry::Exporter& exporter;
  std::int64_t sample_ppm;
};

// One call's place in a trace, and what its span will say.
struct CallTrace {
  telemetry::TraceContext context;  // its own
  std::optional<telemetry::SpanId> parent;
  std::string trace_state;  // the caller's
  bool recorded = false;    // whether there will be a span
  std::int64_t started_ns = 0;

  // Learned on the way.
  int status = 0;
  std::string error;  // a code, or ""
  std::string response_model;
  std::optional<pricing::Usage> usage;
  std::int64_t cost_nano = 0;
  bool estimated = false;

  void note(const ledger::UsageRecord& record);
};

// Continues the trace of a caller that names one, and its decision whether to
// sample it; else begins one.
[[nodiscard]] CallTrace begin_trace(const net::Head& head, std::int64_t sample_ppm);

// Whether the provider is told another place in the trace than the caller's. A
// call of a trace that nobody samples has no span for others to be children of.
[[nodiscard]] inline bool replaces_traceparent(const CallTrace& trace) {
  return trace.recorded || !trace.parent;
}

// Hands the call's span to the exporter, if it has one.
void end_trace(const Call& call);

}  // namespace budget::pipeline
