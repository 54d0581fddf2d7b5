#include "admin/allocation_notes.h"

#include <chrono>

namespace budget::admin {
namespace {

constexpr const char* schema =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "CREATE TABLE IF NOT EXISTS allocations("
    " id TEXT PRIMARY KEY, context_id TEXT NOT NULL, budget_id TEXT NOT NULL,"
    " description TEXT NOT NULL, created_at INTEGER NOT NULL) WITHOUT ROWID;";

}  // namespace

std::expected<std::unique_ptr<AllocationNotes>, std::string> AllocationNotes::open(
    const std::string& file) {
  auto database = ledger::Database::open(file, false);
  if (!database) return std::unexpected("cannot open the allocations: " + database.error());
  if (!(*database)->run(schema)) {
    return std::unexpected("cannot prepare the allocations: " + (*database)->take_error());
  }
  return std::unique_ptr<AllocationNotes>(new AllocationNotes(std::move(*database)));
}

std::expected<AllocationNote, std::string> AllocationNotes::add(const AllocationNote& note) {
  const std::lock_guard lock(mutex_);
  ledger::Statement statement(*database_, "INSERT OR IGNORE INTO allocations VALUES(?,?,?,?,?)");
  statement.bind(1, note.id)
      .bind(2, note.context_id)
      .bind(3, note.budget_id)
      .bind(4, note.description)
      .bind(5, note.created_at.time_since_epoch().count());
  statement.run();
  auto kept = read(note.id);
  if (!kept) return std::unexpected(kept.error());
  return kept->value_or(note);
}

std::expected<std::optional<AllocationNote>, std::string> AllocationNotes::find(
    const std::string& id) {
  const std::lock_guard lock(mutex_);
  return read(id);
}

std::expected<AllocationNotePage, std::string> AllocationNotes::list(const AllocationFilter& filter,
                                                                     int page, int limit) {
  const std::string where =
      " FROM allocations WHERE (?1 = '' OR context_id = ?1) AND (?2 = '' OR budget_id = ?2) AND "
      "(?3 = '' OR json_extract(description, '$.component') = ?3)";
  const std::lock_guard lock(mutex_);
  const auto bind = [&filter](ledger::Statement& statement) {
    statement.bind(1, filter.context_id).bind(2, filter.budget_id).bind(3, filter.component);
  };
  AllocationNotePage found;
  ledger::Statement count(*database_, "SELECT count(*)" + where);
  bind(count);
  if (count.next()) found.total = count.number(0);
  ledger::Statement rows(*database_, "SELECT context_id, budget_id, description, created_at, id" +
                                         where +
                                         " ORDER BY created_at DESC, id LIMIT ?4 OFFSET ?5");
  bind(rows);
  rows.bind(4, limit).bind(5, std::int64_t{page - 1} * limit);
  while (rows.next()) {
    found.notes.push_back({rows.text(4), rows.text(0), rows.text(1), rows.text(2),
                           policy::Time(std::chrono::milliseconds(rows.number(3)))});
  }
  if (!database_->ok()) return std::unexpected(database_->take_error());
  return found;
}

std::expected<void, std::string> AllocationNotes::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  ledger::Statement statement(*database_, "DELETE FROM allocations WHERE id = ?");
  statement.bind(1, id);
  if (statement.run()) return {};
  return std::unexpected(database_->take_error());
}

std::expected<std::optional<AllocationNote>, std::string> AllocationNotes::read(
    const std::string& id) {
  ledger::Statement row(*database_,
                        "SELECT context_id, budget_id, description, created_at FROM allocations "
                        "WHERE id = ?");
  row.bind(1, id);
  std::optional<AllocationNote> note;
  if (row.next()) {
    note = AllocationNote{id, row.text(0), row.text(1), row.text(2),
                          policy::Time(std::chrono::milliseconds(row.number(3)))};
  }
  if (!database_->ok()) return std::unexpected(database_->take_error());
  return note;
}

}  // namespace budget::admin
