// The ledger of a single proxy: counters in memory, a journal, SQLite.
#pragma once

#include <sys/types.h>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/clock.h"
#include "policy/ledger/ledger.h"
#include "policy/ledger/usage_store.h"

namespace budget::ledger {

struct EmbeddedOptions {
  std::string path = "data";                    // a folder; made when it is not there
  std::chrono::milliseconds journal_sync{100};  // what a power loss may take
  std::chrono::hours usage_retention{24 * 90};
  // New calls are refused with storage_full while the journal is larger than
  // this: the database cannot keep up, or not be written at all.
  std::uint64_t journal_bytes_max = std::uint64_t{4} << 30;
  std::uint64_t segment_bytes = 64u << 20;
  std::size_t ring_bytes = 16u << 20;  // of a new folder; a multiple of 4096
  // How many resolved ids memory keeps at least; older ones are looked up.
  std::size_t ids_remembered = 1u << 17;
  const policy::Clock* clock = nullptr;  // nullptr: the system's; must outlive the ledger
  // One sentence an event (a dropped tail, a full disk); any thread.
  std::function<void(std::string_view)> log;
  // Seam: how the journal's bytes reach the disk; nullptr: pwrite(2).
  std::function<ssize_t(int, const void*, std::size_t, off_t)> write;
};

struct EmbeddedStats {
  std::int64_t open_holds = 0;
  std::int64_t lapsed = 0;          // since start, those of the process before among them
  std::int64_t overruns = 0;        // settlements above their hold, since start
  std::uint64_t journal_bytes = 0;  // in files
  std::uint64_t backlog_bytes = 0;  // of those, not yet in the database
  std::size_t owed = 0;             // entries that only memory holds, for want of a disk
  bool disk_failing = false;
};

// reserve, extend, settle, release, reap and the allocations complete without
// suspending and never touch the disk: they copy into the journal's mapped
// ring. Only what memory cannot answer (record(); settle, extend or release of
// an id that is not open) goes to a thread of the ledger's own, to ask the
// database, and resumes on the caller's executor.
// Durable means: survives the process at once, a power loss after journal_sync.
// Thread-safe. REQUIRES: every operation has completed before it is destroyed.
class EmbeddedLedger final : public Ledger {
 public:
  // Opens or begins the ledger in a folder, and charges what the process
  // before left open. One process a folder. The error is one readable sentence.
  // Blocks for as long as the journal takes to replay.
  static std::expected<std::unique_ptr<EmbeddedLedger>, std::string> open(EmbeddedOptions options);
  ~EmbeddedLedger() override;  // as close()

  Async<ReserveOutcome> reserve(ReserveRequest request) override;
  Async<ReserveOutcome> extend(std::string id, Amount amount, Time lease_until) override;
  Async<SettleOutcome> settle(UsageRecord record) override;
  Async<bool> release(std::string id) override;
  Async<std::size_t> reap(Time now) override;
  Async<bool> record(UsageRecord record, std::vector<CounterRef> lines) override;
  Async<ReserveOutcome> allocate(AllocateRequest request) override;
  Async<AllocationState> allocation(std::string id) override;
  Async<AllocationState> release_allocation(std::string id) override;
  Async<std::vector<CounterState>> read(std::vector<CounterRef> counters, Time now) override;

  // Every counter that is known, also of periods that are over; for listings.
  [[nodiscard]] std::vector<CounterRef> counters();
  // Lives as long as the ledger.
  [[nodiscard]] UsageStore& usage();
  // Everything done so far is in the database and durable. Blocks.
  std::expected<void, std::string> flush();
  [[nodiscard]] EmbeddedStats stats() const;
  // Ends at once, as SIGKILL would, except that the folder is free again. No
  // operation may follow.
  void abandon();

 private:
  struct Parts;
  explicit EmbeddedLedger(std::unique_ptr<Parts> parts);
  Async<bool> was_resolved(std::string id);

  std::unique_ptr<Parts> parts_;
};

}  // namespace budget::ledger
