// Usage records as Redis keeps them: entries of a stream.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
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

// "2026-11-24T13", UTC: what an hour is called in keys.
[[nodiscard]] std::string hour_name(policy::Time at);

// What a record adds to sums, and which it adds to. All parts are
// percent-encoded.
struct UsageCell {
  std::string detail;    // USER|NAME=VALUE,…
  std::string labels;    // PROVIDER|MODEL|COMPONENT|TASK_TYPE|KEY|OPERATION|STATUS
  std::string policies;  // ID,…
  // Requests, input, output, cache read, cache write, reasoning, input cost,
  // output cost, total cost, estimated.
  std::array<std::int64_t, 10> figures{};
};
[[nodiscard]] UsageCell cell_of(const UsageRecord& record);

// The record as the scripts take it: {hour, kept until, group, figures,
// values}. REQUIRES: the timestamp is the admission's.
void pack_record(Packer& out, const UsageRecord& record, std::chrono::hours retention);

// From an entry's fields and values; nullopt when one is missing or malformed.
[[nodiscard]] std::optional<UsageRecord> record_of(
    const std::vector<std::pair<std::string_view, std::string_view>>& entry);

}  // namespace budget::ledger
