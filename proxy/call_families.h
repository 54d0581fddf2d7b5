// What is counted of calls, by label, as Prometheus reads it.
#pragma once

#include <vector>

#include "admin/view.h"
#include "proxy/pipeline/metrics.h"
#include "proxy/telemetry/exporter.h"

namespace budget {

// By provider, model and operation; refusals; and how long things take.
[[nodiscard]] std::vector<admin::MetricFamily> call_families(const pipeline::Metrics& metrics);
// What became of spans.
[[nodiscard]] admin::MetricFamily trace_family(const telemetry::ExportCounts& counts);

}  // namespace budget
