// Questions about the past, answered from ledger.sqlite.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/ledger/sqlite.h"
#include "policy/ledger/usage_store.h"

namespace budget::ledger {

// A record with the counters it was charged to, as (number, key); those that
// have been forgotten are not among them.
struct StoredRecord {
  UsageRecord record;
  std::vector<std::pair<std::int64_t, std::string>> counters;
};

// Reads on a connection of its own, one query at a time, while the applier
// writes. Before every query it calls `catch_up`, which returns once all that
// was settled before is in the database.
class SqliteUsage final : public UsageStore {
 public:
  using CatchUp = std::function<std::expected<void, std::string>()>;
  static std::expected<std::unique_ptr<SqliteUsage>, std::string> open(const std::string& path,
                                                                       CatchUp catch_up);

  std::expected<RecordPage, Error> records(const UsageFilter& filter, int page, int limit) override;
  std::expected<std::vector<UsageSum>, Error> summary(
      const UsageFilter& filter, const std::vector<std::string>& group_by) override;

  // The record of an id; nullopt when there is none.
  std::expected<std::optional<StoredRecord>, Error> find(const std::string& request_id);
  // Whether the id ended without a record, as far back as is remembered.
  std::expected<bool, Error> was_released(const std::string& request_id);

 private:
  SqliteUsage(std::unique_ptr<Database> database, CatchUp catch_up)
      : database_(std::move(database)), catch_up_(std::move(catch_up)) {}
  std::expected<void, Error> check();

  std::mutex mutex_;
  std::unique_ptr<Database> database_;
  CatchUp catch_up_;
};

}  // namespace budget::ledger
