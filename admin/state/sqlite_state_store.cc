#include "admin/state/sqlite_state_store.h"

#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace budget::admin {
namespace {

using ledger::Statement;

constexpr const char* schema =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "CREATE TABLE IF NOT EXISTS state_items("
    " collection TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, version INTEGER NOT NULL,"
    " PRIMARY KEY(collection, id)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS state_logs("
    " log TEXT NOT NULL, sequence INTEGER NOT NULL, body TEXT NOT NULL,"
    " PRIMARY KEY(log, sequence)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS state_claims("
    " what TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;";

// Up to version 0.2 keys and allocations had tables of their own.
constexpr const char* take_over_keys =
    "BEGIN IMMEDIATE;"
    "INSERT OR IGNORE INTO state_items SELECT 'keys', id, json_object("
    " 'grant', json(grant_json), 'digest', digest, 'created_by', created_by,"
    " 'created_at', created_at, 'rotated_at', rotated_at, 'revoked_at', revoked_at), 1 FROM keys;"
    "DROP TABLE keys;"
    "COMMIT;";
constexpr const char* take_over_allocations =
    "BEGIN IMMEDIATE;"
    "INSERT OR IGNORE INTO state_items SELECT 'allocations', id, json_object("
    " 'context_id', context_id, 'budget_id', budget_id, 'description', json(description),"
    " 'created_at', created_at), 1 FROM allocations;"
    "DROP TABLE allocations;"
    "COMMIT;";

std::int64_t milliseconds(policy::Time time) {
  return time.time_since_epoch().count();
}

std::vector<StateEntry> entries(Statement& rows) {
  std::vector<StateEntry> found;
  while (rows.next()) found.push_back({rows.number(0), rows.text(1)});
  return found;
}

}  // namespace

std::expected<std::unique_ptr<SqliteStateStore>, std::string> SqliteStateStore::open(
    const std::string& file, const policy::Clock& clock) {
  auto database = ledger::Database::open(file, false);
  if (!database) return std::unexpected("cannot open the admin database: " + database.error());
  // The files beside it get the same mode from SQLite.
  ::chmod(file.c_str(), 0600);
  std::unique_ptr<SqliteStateStore> store(new SqliteStateStore(std::move(*database), clock));
  const std::lock_guard lock(store->mutex_);
  if (auto prepared = store->prepare(); !prepared) return std::unexpected(prepared.error());
  return store;
}

std::expected<void, std::string> SqliteStateStore::prepare() {
  bool good = database_->run(schema);
  if (good && has_table("keys")) good = database_->run(take_over_keys);
  if (good && has_table("allocations")) good = database_->run(take_over_allocations);
  if (good) return {};
  return std::unexpected("cannot prepare the admin database: " + database_->take_error());
}

bool SqliteStateStore::has_table(const std::string& name) {
  Statement ask(*database_, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
  ask.bind(1, name);
  return ask.next();
}

bool SqliteStateStore::healthy() {
  return database_->take_error().empty();
}

StateStore::Result<std::vector<StateItem>> SqliteStateStore::list(std::string_view collection) {
  const std::lock_guard lock(mutex_);
  Statement rows(*database_,
                 "SELECT id, body, version FROM state_items WHERE collection = ? ORDER BY id");
  rows.bind(1, collection);
  std::vector<StateItem> items;
  while (rows.next()) items.push_back({rows.text(0), rows.text(1), rows.number(2)});
  if (!healthy()) return std::unexpected(StateError::unavailable);
  return items;
}

StateStore::Result<std::optional<StateItem>> SqliteStateStore::get(std::string_view collection,
                                                                   std::string_view id) {
  const std::lock_guard lock(mutex_);
  Statement row(*database_,
                "SELECT body, version FROM state_items WHERE collection = ? AND id = ?");
  row.bind(1, collection).bind(2, id);
  std::optional<StateItem> item;
  if (row.next()) item = StateItem{std::string(id), row.text(0), row.number(1)};
  if (!healthy()) return std::unexpected(StateError::unavailable);
  return item;
}

StateStore::Result<std::int64_t> SqliteStateStore::put(std::string_view collection,
                                                       std::string_view id, std::string_view body,
                                                       std::optional<std::int64_t> expected) {
  std::optional<std::int64_t> version;
  {
    const std::lock_guard lock(mutex_);
    // One statement each, so that SQLite makes the comparison and the write one.
    Statement write(*database_, !expected ? "INSERT INTO state_items VALUES(?1, ?2, ?3, 1) "
                                            "ON CONFLICT(collection, id) DO UPDATE SET body = ?3, "
                                            "version = version + 1 RETURNING version"
                                : *expected == 0
                                    ? "INSERT INTO state_items VALUES(?1, ?2, ?3, 1) "
                                      "ON CONFLICT(collection, id) DO NOTHING RETURNING version"
                                    : "UPDATE state_items SET body = ?3, version = version + 1 "
                                      "WHERE collection = ?1 AND id = ?2 AND version = ?4 "
                                      "RETURNING version");
    write.bind(1, collection).bind(2, id).bind(3, body);
    if (expected && *expected != 0) write.bind(4, *expected);
    if (write.next()) version = write.number(0);
    write.run();
    if (!healthy()) return std::unexpected(StateError::unavailable);
  }
  if (!version) return std::unexpected(StateError::conflict);
  tell(collection, id);
  return *version;
}

std::optional<std::int64_t> SqliteStateStore::version_of(std::string_view collection,
                                                         std::string_view id) {
  Statement ask(*database_, "SELECT version FROM state_items WHERE collection = ? AND id = ?");
  ask.bind(1, collection).bind(2, id);
  if (!ask.next()) return std::nullopt;
  return ask.number(0);
}

StateStore::Result<bool> SqliteStateStore::erase(std::string_view collection, std::string_view id,
                                                 std::optional<std::int64_t> expected) {
  {
    const std::lock_guard lock(mutex_);
    const auto version = version_of(collection, id);
    if (!healthy()) return std::unexpected(StateError::unavailable);
    if (!version) return false;
    if (expected && *version != *expected) return std::unexpected(StateError::conflict);
    Statement remove(*database_, "DELETE FROM state_items WHERE collection = ? AND id = ?");
    remove.bind(1, collection).bind(2, id);
    remove.run();
    if (!healthy()) return std::unexpected(StateError::unavailable);
  }
  tell(collection, id);
  return true;
}

StateStore::Result<std::int64_t> SqliteStateStore::append(std::string_view log,
                                                          std::string_view body,
                                                          std::int64_t keep) {
  std::int64_t sequence = 0;
  {
    const std::lock_guard lock(mutex_);
    database_->run("BEGIN IMMEDIATE");
    {
      Statement add(*database_,
                    "INSERT INTO state_logs SELECT ?1, coalesce(max(sequence), 0) + 1, ?2 "
                    "FROM state_logs WHERE log = ?1 RETURNING sequence");
      add.bind(1, log).bind(2, body);
      if (add.next()) sequence = add.number(0);
      add.run();
      // The newest line always stays: the next sequence comes of it.
      Statement trim(*database_, "DELETE FROM state_logs WHERE log = ? AND sequence <= ?");
      trim.bind(1, log).bind(2, sequence - std::max<std::int64_t>(keep, 1));
      trim.run();
    }
    if (database_->ok()) database_->run("COMMIT");
    if (!healthy()) {
      database_->run("ROLLBACK");
      healthy();
      return std::unexpected(StateError::unavailable);
    }
  }
  tell(log, "");
  return sequence;
}

StateStore::Result<std::vector<StateEntry>> SqliteStateStore::read_after(std::string_view log,
                                                                         std::int64_t sequence,
                                                                         std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Statement rows(*database_,
                 "SELECT sequence, body FROM state_logs WHERE log = ? AND sequence > ? "
                 "ORDER BY sequence LIMIT ?");
  rows.bind(1, log).bind(2, sequence).bind(3, static_cast<std::int64_t>(limit));
  auto found = entries(rows);
  if (!healthy()) return std::unexpected(StateError::unavailable);
  return found;
}

StateStore::Result<std::vector<StateEntry>> SqliteStateStore::read_before(
    std::string_view log, std::optional<std::int64_t> sequence, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Statement rows(*database_,
                 "SELECT sequence, body FROM state_logs WHERE log = ? AND sequence < ? "
                 "ORDER BY sequence DESC LIMIT ?");
  rows.bind(1, log)
      .bind(2, sequence.value_or(std::numeric_limits<std::int64_t>::max()))
      .bind(3, static_cast<std::int64_t>(limit));
  auto found = entries(rows);
  if (!healthy()) return std::unexpected(StateError::unavailable);
  return found;
}

StateStore::Result<bool> SqliteStateStore::claim(std::string_view what, policy::Time until) {
  const std::int64_t now = milliseconds(clock_.now());
  const std::lock_guard lock(mutex_);
  Statement take(*database_,
                 "INSERT INTO state_claims VALUES(?1, ?2) ON CONFLICT(what) "
                 "DO UPDATE SET until = ?2 WHERE until <= ?3 RETURNING 1");
  take.bind(1, what).bind(2, milliseconds(until)).bind(3, now);
  const bool mine = take.next();
  take.run();
  if (mine) {
    Statement forget(*database_, "DELETE FROM state_claims WHERE until <= ?");
    forget.bind(1, now);
    forget.run();
  }
  if (!healthy()) return std::unexpected(StateError::unavailable);
  return mine;
}

void SqliteStateStore::listen(Listener listener) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.push_back(std::move(listener));
}

void SqliteStateStore::tell(std::string_view name, std::string_view id) {
  const StateChange change{std::string(name), std::string(id)};
  std::vector<Listener> listeners;
  {
    const std::lock_guard lock(listeners_mutex_);
    listeners = listeners_;
  }
  for (const Listener& listener : listeners) listener(change);
}

}  // namespace budget::admin
