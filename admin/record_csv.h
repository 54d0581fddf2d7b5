// Usage records as comma-separated values (RFC 4180).
#pragma once

#include <string>

#include "policy/ledger/usage_record.h"

namespace budget::admin {

// The names of the columns: the fields of a record's JSON, in its order.
[[nodiscard]] std::string csv_header();
// Tags are "a=b;c=d", policies are separated by spaces. A text that a
// spreadsheet would take for a formula has an apostrophe before it: labels come
// from callers, and reports are opened by those who trust them.
[[nodiscard]] std::string csv_row(const ledger::UsageRecord& record);

}  // namespace budget::admin
