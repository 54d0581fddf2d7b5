// How the program shows itself to its admin side.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "admin/alerts/channels.h"
#include "admin/view.h"
#include "proxy/config.h"
#include "proxy/pipeline/metrics.h"
#include "proxy/pipeline/snapshot.h"

namespace budget {

[[nodiscard]] std::shared_ptr<const admin::View> view_of(
    const pipeline::Snapshot& snapshot, std::string config_error, bool draining,
    std::size_t workers, std::shared_ptr<const admin::MergedPolicies> merged,
    std::string policies_error);
// Where alerts are sent, and at which thresholds they are raised.
[[nodiscard]] std::shared_ptr<const admin::AlertChannels> alert_channels_of(const Config& config);
// What the program has done; the store tells of itself.
[[nodiscard]] std::vector<admin::MetricFamily> metric_families(const pipeline::Metrics& metrics);

}  // namespace budget
