// What only the embedded state store does.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "admin/state/sqlite_state_store.h"
#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

struct Folder {
  Folder() {
    std::string made = (std::filesystem::temp_directory_path() / "budget-state-XXXXXX").string();
    if (!::mkdtemp(made.data())) std::abort();
    path = made;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  [[nodiscard]] std::string file() const { return (path / "admin.db").string(); }
  std::filesystem::path path;
};

TEST(SqliteState, SaysWhichFileItCannotOpen) {
  const SetClock clock;
  const auto opened = SqliteStateStore::open("/nowhere/at/all/admin.db", clock);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find("/nowhere/at/all/admin.db"), std::string::npos) << opened.error();
}

TEST(SqliteState, IsReadableByItsOwnerAlone) {
  const SetClock clock;
  const Folder folder;
  const auto store = SqliteStateStore::open(folder.file(), clock).value();
  ASSERT_TRUE(store->put("keys", "k", "{}", 0));
  for (const auto& entry : std::filesystem::directory_iterator(folder.path)) {
    struct stat status{};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600) << entry.path();
  }
}

TEST(SqliteState, TakesOverTheTablesOfEarlierVersions) {
  const SetClock clock;
  const Folder folder;
  {
    const auto old = ledger::Database::open(folder.file(), false).value();
    ASSERT_TRUE(old->run(
        "CREATE TABLE keys(id TEXT PRIMARY KEY, digest TEXT NOT NULL, grant_json TEXT NOT NULL,"
        " created_by TEXT NOT NULL, created_at INTEGER NOT NULL, rotated_at INTEGER NOT NULL,"
        " revoked_at INTEGER NOT NULL) WITHOUT ROWID;"
        "INSERT INTO keys VALUES('abc','00ff','{\"name\":\"ci\"}','root',1000,0,2000);"
        "CREATE TABLE allocations(id TEXT PRIMARY KEY, context_id TEXT NOT NULL,"
        " budget_id TEXT NOT NULL, description TEXT NOT NULL, created_at INTEGER NOT NULL)"
        " WITHOUT ROWID;"
        "INSERT INTO allocations VALUES('al_1','c1','team','{\"component\":\"apollo\"}',3000);"));
  }
  for (int start = 0; start < 2; ++start) {
    const auto store = SqliteStateStore::open(folder.file(), clock).value();
    EXPECT_EQ(store->get("keys", "abc").value(),
              (StateItem{"abc",
                         R"({"grant":{"name":"ci"},"digest":"00ff","created_by":"root",)"
                         R"("created_at":1000,"rotated_at":0,"revoked_at":2000})",
                         1}));
    EXPECT_EQ(store->get("allocations", "al_1").value(),
              (StateItem{"al_1",
                         R"({"context_id":"c1","budget_id":"team",)"
                         R"("description":{"component":"apollo"},"created_at":3000})",
                         1}));
  }
}

}  // namespace
}  // namespace budget::admin
