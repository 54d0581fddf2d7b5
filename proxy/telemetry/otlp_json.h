// Spans in the JSON of OTLP.
// Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/telemetry/span.h"

namespace budget::telemetry {

// Who exports.
struct Resource {
  std::string version;
  std::string instance;  // tells the processes of a service apart
};

// An ExportTraceServiceRequest. Ids are in hexadecimal, 64-bit integers are
// strings, enums are numbers; text that is not UTF-8 is repaired.
[[nodiscard]] std::string export_request(const Resource& resource, std::span<const Span> spans);

// What of a 200's body matters.
struct ExportAnswer {
  std::int64_t rejected = 0;
  std::string message;
};
// Nothing was rejected where the body does not say.
[[nodiscard]] ExportAnswer export_answer(std::string_view body);

}  // namespace budget::telemetry
