// What is made at run time, in the embedded store's admin database.
#pragma once

#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "admin/state/state_store.h"
#include "policy/ledger/sqlite.h"

namespace budget::admin {

// For one process. Every write is one transaction that is on disk when it
// returns; an operation waits for the one before it.
class SqliteStateStore final : public StateStore {
 public:
  // Opens or begins the database `file`, readable by its owner alone, and takes
  // over what earlier versions kept in it. `clock` says when a claim is over,
  // and must outlive the store. The error is a sentence.
  [[nodiscard]] static std::expected<std::unique_ptr<SqliteStateStore>, std::string> open(
      const std::string& file, const policy::Clock& clock);

  Result<std::vector<StateItem>> list(std::string_view collection) override;
  Result<std::optional<StateItem>> get(std::string_view collection, std::string_view id) override;
  Result<std::int64_t> put(std::string_view collection, std::string_view id, std::string_view body,
                           std::optional<std::int64_t> expected) override;
  Result<bool> erase(std::string_view collection, std::string_view id,
                     std::optional<std::int64_t> expected) override;
  Result<std::int64_t> append(std::string_view log, std::string_view body,
                              std::int64_t keep) override;
  Result<std::vector<StateEntry>> read_after(std::string_view log, std::int64_t sequence,
                                             std::size_t limit) override;
  Result<std::vector<StateEntry>> read_before(std::string_view log,
                                              std::optional<std::int64_t> sequence,
                                              std::size_t limit) override;
  Result<bool> claim(std::string_view what, policy::Time until) override;
  void listen(Listener listener) override;

 private:
  SqliteStateStore(std::unique_ptr<ledger::Database> database, const policy::Clock& clock)
      : database_(std::move(database)), clock_(clock) {}
  // The following want mutex_ to be held.
  std::expected<void, std::string> prepare();
  bool has_table(const std::string& name);
  // Whether all went well since it was last asked.
  bool healthy();
  std::optional<std::int64_t> version_of(std::string_view collection, std::string_view id);

  // Never under mutex_: a listener may be slow, and must not hold up readers.
  void tell(std::string_view name, std::string_view id);

  std::mutex mutex_;
  std::unique_ptr<ledger::Database> database_;
  const policy::Clock& clock_;
  std::mutex listeners_mutex_;
  std::vector<Listener> listeners_;
};

}  // namespace budget::admin
