// SQLite in values: statements that reset themselves, errors as strings.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace budget::ledger {

class Database;

// A prepared statement. Bind from 1 on, step, read from column 0 on. Strings
// are bound without a copy: they must outlive the next reset(). Belongs to its
// database, which must outlive it; not thread-safe.
class Statement {
 public:
  Statement() = default;
  // An error is kept in the database, and every step of the statement fails.
  Statement(Database& database, std::string_view sql);

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_bytes(int index, std::string_view bytes);

  // True while there is a row; false at the end, and on an error (which the
  // database then has).
  bool next();
  // Runs to the end and resets.
  bool run();
  void reset();

  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::string text(int column) const;
  // Valid until the next step.
  [[nodiscard]] std::string_view bytes(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Database* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// One connection. Not thread-safe.
class Database {
 public:
  static std::expected<std::unique_ptr<Database>, std::string> open(const std::string& path,
                                                                    bool read_only);

  bool run(const std::string& sql);
  // The row id of the newest INSERT.
  [[nodiscard]] std::int64_t last_row() const { return sqlite3_last_insert_rowid(handle_.get()); }
  // The first error since it was last taken; "" when there was none.
  [[nodiscard]] std::string take_error();
  [[nodiscard]] bool ok() const { return error_.empty(); }

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  Database() = default;
  void note_error();

  std::unique_ptr<sqlite3, Close> handle_;
  std::string path_;
  std::string error_;
};

}  // namespace budget::ledger
