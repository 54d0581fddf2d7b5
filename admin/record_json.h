// Usage records in JSON.
#pragma once

#include <optional>
#include <string_view>

#include "admin/answer.h"
#include "policy/ledger/usage_record.h"

namespace budget::admin {

[[nodiscard]] std::string_view name_of(ledger::UsageSource source);

// Every field of docs/api.md, always. Input and output tokens are totals, cached
// and reasoning tokens included, as providers report them.
[[nodiscard]] json::object to_json(const ledger::UsageRecord& record);

}  // namespace budget::admin
