// Where a call stands in a trace: W3C Trace Context.
// Source: https://www.w3.org/TR/trace-context/
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace budget::telemetry {

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

// What a traceparent header says.
struct TraceContext {
  TraceId trace_id{};
  SpanId span_id{};  // of the sender
  std::uint8_t flags = 0;

  static constexpr std::uint8_t sampled_flag = 1;
  [[nodiscard]] bool sampled() const { return (flags & sampled_flag) != 0; }

  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// nullopt for what is no traceparent, or one that names no trace. A later
// version's is read as far as this one's goes.
[[nodiscard]] std::optional<TraceContext> parse_traceparent(std::string_view text);
// As version 00; of the flags only those that it and its successor define.
[[nodiscard]] std::string traceparent_of(const TraceContext& context);

// In lower case, as OTLP's JSON has ids.
[[nodiscard]] std::string hex(const TraceId& id);
[[nodiscard]] std::string hex(const SpanId& id);

// Whether a trace that begins here is among the `ppm` of a million that are
// sampled: decided by its id alone, so that all who see the id with the same
// share decide alike. REQUIRES: the id's last seven bytes are random.
[[nodiscard]] bool sampled_by_id(const TraceId& id, std::int64_t ppm);

}  // namespace budget::telemetry
