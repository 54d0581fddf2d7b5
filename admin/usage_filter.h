// Which records a request asks about.
#pragma once

#include "admin/input.h"
#include "admin/view.h"
#include "policy/ledger/usage_store.h"

namespace budget::admin {

// Reads the filters that records and sums share; notes what is wrong in
// `input`.
[[nodiscard]] ledger::UsageFilter read_usage_filter(Input& input, const View& view);

}  // namespace budget::admin
