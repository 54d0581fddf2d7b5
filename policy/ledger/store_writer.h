// Applies journal entries to the database: records, rollups, counters, holds.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "policy/ledger/entry.h"
#include "policy/ledger/journal.h"
#include "policy/ledger/sqlite.h"

namespace budget::ledger {

// The database's only writer. Between begin() and commit() entries are
// gathered; commit() makes them and the journal position one transaction, so
// an entry is applied exactly once, whatever dies when. Used by one thread.
class StoreWriter {
 public:
  static std::expected<std::unique_ptr<StoreWriter>, std::string> open(const std::string& path);

  [[nodiscard]] Database& database() { return *database_; }
  [[nodiscard]] Position position();

  void begin();
  // False when `bytes` are not one entry.
  bool apply(std::string_view bytes);
  void abort();
  // Records older than `keep_from` are trimmed, a bounded number a time. On an
  // error nothing of the batch is applied, and it may be tried again.
  std::expected<void, std::string> commit(Position position, policy::Time keep_from);

 private:
  struct Delta {
    Amount amount;
    std::int64_t requests = 0;
  };
  struct Sums {
    std::int64_t values[10] = {};  // in the order of the columns from `requests` on
  };
  struct RollupKey {
    std::int64_t hour = 0;
    std::string provider, model, component, task_type, user, key_id, operation;
    std::int64_t status = 0;
    auto operator<=>(const RollupKey&) const = default;
  };

  explicit StoreWriter(std::unique_ptr<Database> database);
  Statement statement(std::string_view sql) { return {*database_, sql}; }

  void on(const CounterDefined& entry);
  void on(const CounterForgotten& entry);
  void on(const HoldKept& entry, std::string_view bytes) { keep_hold(entry.id, bytes); }
  void on(const HoldReleased& entry);
  void on(const Charged& entry);
  void on(const Corrected& entry);
  void on(const AllocationKept& entry, std::string_view bytes);
  void on(const AllocationEnded& entry);

  void keep_hold(std::string id, std::string_view bytes) {
    holds_.insert_or_assign(std::move(id), bytes);
  }
  void charge(std::int64_t counter, policy::Time at, const Amount& amount, std::int64_t requests);
  void roll_up(const UsageRecord& record, std::int64_t sign);
  void write_record(const UsageRecord& record, std::string_view counters,
                    std::optional<std::int64_t> sequence);
  std::int64_t policy_set_of(const std::vector<std::string>& policies);
  void drop_tags(const UsageRecord& record, std::int64_t sequence);
  void write_counters();
  void write_holds();
  void write_rollups();
  void trim(policy::Time keep_from);

  std::unique_ptr<Database> database_;
  std::unordered_map<std::int64_t, std::chrono::seconds> rolling_;  // counters that roll
  std::unordered_map<std::string, std::int64_t> policy_sets_;       // ids, by encoded names
  // Ids in the table: most holds end in the batch in which they began, and never
  // come there.
  std::unordered_set<std::string> stored_holds_;
  // The batch.
  std::map<std::int64_t, Delta> counters_;
  std::map<std::pair<std::int64_t, std::int64_t>, Delta> buckets_;
  std::map<RollupKey, Sums> rollups_;
  // nullopt: ended
  std::unordered_map<std::string, std::optional<std::string>> holds_;

  Statement insert_counter_, drop_counter_, drop_buckets_, add_counter_, add_bucket_, trim_buckets_,
      keep_hold_, drop_hold_, insert_released_, trim_released_, keep_allocation_, end_allocation_,
      trim_allocations_, drop_consumed_, add_consumed_, insert_record_, find_record_, insert_tag_,
      drop_tag_, find_policy_set_, insert_policy_set_, insert_in_set_, add_rollup_, set_position_,
      old_records_, drop_record_, drop_rollups_;
};

}  // namespace budget::ledger
