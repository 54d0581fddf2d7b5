// Questions about the past: records, sums and series.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/clock.h"
#include "policy/ledger/usage_record.h"

namespace budget::ledger {

// Which records. An empty or missing field does not filter.
struct UsageFilter {
  std::optional<policy::Time> start;  // inclusive, by timestamp
  std::optional<policy::Time> end;    // exclusive
  std::string provider, model, component, task_type, user, context_id, key_id, request_id;
  std::string policy_id;  // that it counted against
  std::string budget;     // any policy of which it counted against
  std::optional<std::pair<std::string, std::string>> tag;
};

struct RecordPage {
  std::vector<UsageRecord> records;  // newest first
  std::int64_t total = 0;            // matching the filter
};

// A group's sums. Integers, exact.
struct UsageSum {
  std::vector<std::string> group;  // values of the group_by fields, in order
  std::int64_t requests = 0;
  pricing::Tokens input, output, cache_read, cache_write, reasoning;
  pricing::Money input_cost, output_cost, total_cost;
  std::int64_t estimated = 0;  // records among them that are estimates
};

// Seam: SQLite for the embedded ledger. Blocking; call it from a thread that
// may block, never from a worker. Thread-safe. What settle() has returned is
// seen by every later query.
class UsageStore {
 public:
  virtual ~UsageStore() = default;
  using Error = std::string;

  // REQUIRES: page >= 1, 1 <= limit <= 500.
  virtual std::expected<RecordPage, Error> records(const UsageFilter& filter, int page,
                                                   int limit) = 0;
  // `group_by`: any of provider, model, component, task_type, user, context_id,
  // key_id, operation, status, minute, hour, day, week (its Monday), month (all
  // UTC), tag.NAME (the tag's value, "" without), tag (each "NAME=VALUE": a
  // record with several is in several groups). At most 10,000 groups
  // (limits.h), the dearest first.
  virtual std::expected<std::vector<UsageSum>, Error> summary(
      const UsageFilter& filter, const std::vector<std::string>& group_by) = 0;
};

}  // namespace budget::ledger
