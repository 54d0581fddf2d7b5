// The text that Prometheus reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "admin/view.h"

namespace budget::admin {

// The families in the text exposition format 0.0.4, each with its HELP and
// TYPE. Source: https://prometheus.io/docs/instrumenting/exposition_formats/
[[nodiscard]] std::string exposition_of(const std::vector<MetricFamily>& families);

// `text` as it stands between the quotes of a label.
[[nodiscard]] std::string label_value(std::string_view text);

// What the operating system knows of this process, under the names that every
// Prometheus client uses (process_cpu_seconds_total, …). Reads /proc; what
// cannot be read is left out.
[[nodiscard]] std::string process_exposition();

}  // namespace budget::admin
