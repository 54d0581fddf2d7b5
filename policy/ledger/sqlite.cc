#include "policy/ledger/sqlite.h"

#include <utility>

namespace budget::ledger {

Statement::Statement(Database& database, std::string_view sql) : database_(&database) {
  sqlite3_stmt* raw = nullptr;
  const int result =
      sqlite3_prepare_v3(database.handle_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  statement_.reset(raw);
  if (result != SQLITE_OK) database.note_error();
}

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  // A null pointer would bind NULL, and the columns are NOT NULL.
  sqlite3_bind_text(statement_.get(), index, text.data() ? text.data() : "",
                    static_cast<int>(text.size()), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_bytes(int index, std::string_view bytes) {
  sqlite3_bind_blob(statement_.get(), index, bytes.data() ? bytes.data() : "",
                    static_cast<int>(bytes.size()), SQLITE_STATIC);
  return *this;
}

bool Statement::next() {
  if (!statement_) return false;
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) database_->note_error();
  return false;
}

bool Statement::run() {
  while (next()) {
  }
  reset();
  return database_->ok();
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  return std::string(bytes(column));
}

std::string_view Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (!data) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

std::expected<std::unique_ptr<Database>, std::string> Database::open(const std::string& path,
                                                                     bool read_only) {
  // Its statistics of memory are one lock for the whole process, taken for every
  // allocation. Refused, without harm, once SQLite is in use.
  static const int without_statistics = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(without_statistics);
  std::unique_ptr<Database> database(new Database);
  database->path_ = path;
  sqlite3* raw = nullptr;
  const int flags =
      (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
      SQLITE_OPEN_NOMUTEX;
  const int result = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  database->handle_.reset(raw);
  if (result != SQLITE_OK) {
    database->note_error();
    return std::unexpected(database->take_error());
  }
  sqlite3_busy_timeout(raw, 10'000);
  return database;
}

bool Database::run(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    note_error();
  return ok();
}

void Database::note_error() {
  if (error_.empty()) error_ = path_ + ": " + sqlite3_errmsg(handle_.get());
}

std::string Database::take_error() {
  return std::exchange(error_, {});
}

}  // namespace budget::ledger
