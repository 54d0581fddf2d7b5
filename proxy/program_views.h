// How the program shows itself to its admin side and its ledger.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "admin/view.h"
#include "policy/ledger/embedded_ledger.h"
#include "proxy/config.h"
#include "proxy/log.h"
#include "proxy/pipeline/metrics.h"
#include "proxy/pipeline/snapshot.h"

namespace budget {

[[nodiscard]] std::shared_ptr<const admin::View> view_of(
    const pipeline::Snapshot& snapshot, std::string config_error, bool draining,
    std::size_t workers, std::shared_ptr<const admin::MergedPolicies> merged,
    std::string policies_error);
[[nodiscard]] std::vector<admin::MetricFamily> metric_families(
    const pipeline::Metrics& metrics, const ledger::EmbeddedLedger& ledger);
// `clock` and `log` must outlive the ledger.
[[nodiscard]] ledger::EmbeddedOptions ledger_options(const Config& config,
                                                     const policy::Clock& clock, const Log& log);

}  // namespace budget
