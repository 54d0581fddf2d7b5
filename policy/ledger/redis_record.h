// Usage records as Redis keeps them: entries of a stream.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/ledger/message_pack.h"
#include "policy/ledger/usage_record.h"

namespace budget::ledger {

// The fields of an entry, in order; docs/redis.md says what each holds.
[[nodiscard]] const std::vector<std::string_view>& record_field_names();

// The record as the scripts take it: {hour, kept until, group, figures,
// values}. REQUIRES: the timestamp is the admission's.
void pack_record(Packer& out, const UsageRecord& record, std::chrono::hours retention);

// From an entry's fields and values; nullopt when one is missing or malformed.
[[nodiscard]] std::optional<UsageRecord> record_of(
    const std::vector<std::pair<std::string_view, std::string_view>>& entry);

}  // namespace budget::ledger
