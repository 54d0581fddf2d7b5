#include <stdlib.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "admin/state/sqlite_state_store.h"
#include "tests/contract/state_contract.h"

namespace budget::admin {
namespace {

// Tests set it from one thread while stores read it on others.
class PassingClock final : public policy::Clock {
 public:
  [[nodiscard]] policy::Time now() const override { return time.load(); }
  std::atomic<policy::Time> time{policy::Time(std::chrono::hours(24 * 365 * 56))};
};

class SqliteUnderTest final : public StateUnderTest {
 public:
  SqliteUnderTest() {
    std::string path = (std::filesystem::temp_directory_path() / "budget-state-XXXXXX").string();
    if (!::mkdtemp(path.data())) std::abort();
    folder_ = path;
    reopen();
  }
  ~SqliteUnderTest() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  StateStore& store() override { return *store_; }
  StateStore& replica() override { return *store_; }
  void reopen() override {
    store_.reset();
    store_ = SqliteStateStore::open((folder_ / "admin.db").string(), clock_).value();
  }
  policy::Time now() override { return clock_.now(); }
  void pass(std::chrono::milliseconds time) override { clock_.time = clock_.now() + time; }

 private:
  PassingClock clock_;
  std::filesystem::path folder_;
  std::unique_ptr<SqliteStateStore> store_;
};

}  // namespace

std::vector<StateKind> state_kinds() {
  return {{"Sqlite", [] { return std::make_unique<SqliteUnderTest>(); }}};
}

}  // namespace budget::admin
