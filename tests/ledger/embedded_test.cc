// What only the embedded ledger promises: folders, disks, restarts.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>

#include "policy/ledger/sqlite.h"
#include "tests/ledger/embedded_under_test.h"

namespace budget::ledger {
namespace {

namespace fs = std::filesystem;

const Time kNow = at(1'800'000'000'000);

class Embedded : public testing::Test {
 protected:
  EmbeddedOptions options() {
    EmbeddedOptions options;
    options.path = folder_.path();
    options.clock = &clock_;
    options.ring_bytes = 64u << 10;
    options.log = [this](std::string_view text) {
      const std::scoped_lock lock(log_mutex_);
      log_.emplace_back(text);
    };
    return options;
  }
  std::unique_ptr<EmbeddedLedger> open() { return open(options()); }
  static std::unique_ptr<EmbeddedLedger> open(EmbeddedOptions options) {
    auto ledger = EmbeddedLedger::open(std::move(options));
    EXPECT_TRUE(ledger) << ledger.error();
    return ledger ? std::move(*ledger) : nullptr;
  }
  bool logged(std::string_view part) {
    const std::scoped_lock lock(log_mutex_);
    return std::ranges::any_of(log_,
                               [part](const std::string& text) { return text.contains(part); });
  }
  static CounterState state(EmbeddedLedger& ledger, const std::string& name) {
    return run(ledger.read({counter(name)}, kNow))->at(0);
  }

  TemporaryFolder folder_;
  SetClock clock_;
  std::mutex log_mutex_;
  std::vector<std::string> log_;
};

TEST_F(Embedded, SecondProcessOnTheSameFolderIsRefused) {
  const auto first = open();
  const auto second = EmbeddedLedger::open(options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), folder_.path() + " is in use by another process");
}

TEST_F(Embedded, OrderlyEndLeavesNothingToReplay) {
  {
    const auto ledger = open();
    ASSERT_TRUE(run(ledger->reserve(call("r1", {line(counter("a"), amount(9))}, kNow))));
    ASSERT_TRUE(run(ledger->settle(usage_record("r1", amount(7), kNow))));
  }
  const auto ledger = open();
  EXPECT_EQ(ledger->stats().backlog_bytes, 0u);
  EXPECT_EQ(state(*ledger, "a"), (CounterState{.spent = amount(7), .requests = 1}));
  EXPECT_FALSE(logged("charged at what was held"));
}

TEST_F(Embedded, RestartSaysHowManyOpenCallsItCharged) {
  {
    const auto ledger = open();
    ASSERT_TRUE(run(ledger->reserve(call("r1", {line(counter("a"), amount(9))}, kNow))));
    ASSERT_TRUE(run(ledger->reserve(call("r2", {line(counter("a"), amount(9))}, kNow))));
    EXPECT_EQ(ledger->stats().open_holds, 2);
  }
  const auto ledger = open();
  EXPECT_TRUE(logged("2 calls that were open"));
  EXPECT_EQ(ledger->stats().lapsed, 2);
  EXPECT_EQ(ledger->stats().open_holds, 0);
  EXPECT_EQ(state(*ledger, "a"), (CounterState{.spent = amount(18), .requests = 2}));
}

TEST_F(Embedded, FullDiskReservesNothingAndLosesNoSettlement) {
  std::atomic<bool> full{false};
  auto with_disk = options();
  with_disk.journal_sync = std::chrono::milliseconds(1);
  with_disk.write = [&full](int file, const void* bytes, std::size_t size,
                            off_t offset) -> ssize_t {
    if (!full) return ::pwrite(file, bytes, size, offset);
    errno = ENOSPC;
    return -1;
  };
  const auto ledger = open(with_disk);
  ASSERT_TRUE(run(ledger->reserve(call("r1", {line(counter("a"), amount(9))}, kNow))));
  ASSERT_TRUE(ledger->flush());
  full = true;
  ASSERT_TRUE(run(ledger->settle(usage_record("r1", amount(7), kNow))));
  EXPECT_FALSE(ledger->flush());
  EXPECT_TRUE(ledger->stats().disk_failing);
  EXPECT_TRUE(logged("cannot be written"));
  const auto refused = run(ledger->reserve(call("r2", {line(counter("b"), amount(9))}, kNow)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), LedgerError::storage_full);
  EXPECT_EQ(state(*ledger, "b"), CounterState{});
  EXPECT_EQ(state(*ledger, "a"), (CounterState{.spent = amount(7), .requests = 1}));
  EXPECT_FALSE(ledger->usage().records({}, 1, 20)) << "it cannot show the settlement, and says so";
  full = false;
  ASSERT_TRUE(ledger->flush());
  ASSERT_EQ(all_records(ledger->usage()).size(), 1u);
  EXPECT_TRUE(run(ledger->reserve(call("r2", {line(counter("b"), amount(9))}, kNow))));
}

TEST_F(Embedded, FullDiskAndThenAKillStillLosesNothingThatTheRingHolds) {
  auto with_disk = options();
  with_disk.write = [](int, const void*, std::size_t, off_t) -> ssize_t {
    errno = EIO;
    return -1;
  };
  {
    const auto ledger = open(with_disk);
    ASSERT_TRUE(run(ledger->reserve(call("r1", {line(counter("a"), amount(9))}, kNow))));
    ASSERT_TRUE(run(ledger->settle(usage_record("r1", amount(7), kNow))));
    ledger->abandon();
  }
  const auto ledger = open();
  EXPECT_EQ(state(*ledger, "a"), (CounterState{.spent = amount(7), .requests = 1}));
}

TEST_F(Embedded, JournalWithoutItsDatabaseIsAnErrorNotAnEmptyLedger) {
  auto small = options();
  small.segment_bytes = 1;
  {
    const auto ledger = open(small);
    for (int i = 0; i < 5; ++i) {
      const std::string id = "r" + std::to_string(i);
      ASSERT_TRUE(run(ledger->reserve(call(id, {line(counter("a"), amount(9))}, kNow))));
      ASSERT_TRUE(ledger->flush());
    }
  }
  for (const char* file : {"/ledger.sqlite", "/ledger.sqlite-wal", "/ledger.sqlite-shm"}) {
    fs::remove(folder_.path() + file);
  }
  const auto ledger = EmbeddedLedger::open(small);
  ASSERT_FALSE(ledger);
  EXPECT_NE(ledger.error().find("the journal begins at"), std::string::npos) << ledger.error();
}

TEST_F(Embedded, DatabaseOfANewerProgramIsRefused) {
  {
    const auto ledger = open();
  }
  {
    auto database = Database::open(folder_.path() + "/ledger.sqlite", false);
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->run("PRAGMA user_version = 99"));
  }
  const auto ledger = EmbeddedLedger::open(options());
  ASSERT_FALSE(ledger);
  EXPECT_NE(ledger.error().find("version 99"), std::string::npos) << ledger.error();
}

TEST_F(Embedded, SegmentsThatAreAppliedAreDeleted) {
  auto small = options();
  small.segment_bytes = 4096;
  const auto ledger = open(small);
  for (int i = 0; i < 500; ++i) {
    const std::string id = "r" + std::to_string(i);
    ASSERT_TRUE(run(ledger->reserve(call(id, {line(counter("a"), amount(9))}, kNow))));
    ASSERT_TRUE(run(ledger->settle(usage_record(id, amount(1), kNow))));
    if (i % 50 == 0) ASSERT_TRUE(ledger->flush());
  }
  ASSERT_TRUE(ledger->flush());
  EXPECT_LT(ledger->stats().journal_bytes, 100'000u);
  EXPECT_EQ(state(*ledger, "a").spent, amount(500));
}

TEST_F(Embedded, CallsAreRefusedWhileTheJournalIsTooLong) {
  auto small = options();
  small.journal_bytes_max = 1;
  const auto ledger = open(small);
  ASSERT_TRUE(run(ledger->reserve(call("r1", {line(counter("a"), amount(9))}, kNow))));
  ASSERT_TRUE(ledger->flush());
  const auto refused = run(ledger->reserve(call("r2", {line(counter("a"), amount(9))}, kNow)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), LedgerError::storage_full);
  EXPECT_TRUE(run(ledger->settle(usage_record("r1", amount(7), kNow))));
}

TEST_F(Embedded, RecordsOlderThanTheRetentionGoAndTheirCountersStay) {
  auto brief = options();
  brief.usage_retention = std::chrono::hours(24);
  const auto ledger = open(brief);
  clock_.set(kNow);
  const Time old = kNow - std::chrono::hours(30);
  ASSERT_TRUE(run(ledger->record(usage_record("old", amount(5), old), {counter("a")})));
  ASSERT_TRUE(run(ledger->record(usage_record("new", amount(7), kNow), {counter("a")})));
  const auto records = all_records(ledger->usage());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].request_id, "new");
  const auto sums = ledger->usage().summary({}, {});
  ASSERT_TRUE(sums && sums->size() == 1);
  EXPECT_EQ(sums->at(0).total_cost, pricing::Money(7));
  EXPECT_EQ(state(*ledger, "a").spent, amount(12));
}

TEST_F(Embedded, IdResolvedLongAgoIsStillKnown) {
  auto forgetful = options();
  forgetful.ids_remembered = 64;
  const auto ledger = open(forgetful);
  ASSERT_TRUE(run(ledger->reserve(call("settled", {line(counter("a"), amount(9))}, kNow))));
  ASSERT_TRUE(run(ledger->settle(usage_record("settled", amount(7), kNow))));
  ASSERT_TRUE(run(ledger->reserve(call("released", {line(counter("a"), amount(9))}, kNow))));
  ASSERT_TRUE(run(ledger->release("released")));
  for (int i = 0; i < 2'000; ++i) {
    const std::string id = "x" + std::to_string(i);
    ASSERT_TRUE(run(ledger->reserve(call(id, {}, kNow))));
    ASSERT_TRUE(run(ledger->settle(usage_record(id, {}, kNow))));
  }
  for (const char* id : {"settled", "released"}) {
    const auto again = run(ledger->settle(usage_record(id, amount(7), kNow)));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error(), LedgerError::already_resolved);
  }
}

}  // namespace
}  // namespace budget::ledger
