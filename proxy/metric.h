// Shorthands for the metrics that the program tells of itself.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "admin/view.h"

namespace budget {

// A family of one sample without labels.
[[nodiscard]] inline admin::MetricFamily single_metric(std::string name, std::string help,
                                                       std::string type, std::int64_t amount) {
  return {name, std::move(help), std::move(type), {{name, "", amount}}};
}

}  // namespace budget
