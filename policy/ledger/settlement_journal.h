// What a store is owed, on disk, in order, until it has it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "policy/clock.h"
#include "policy/ledger/folder_lock.h"
#include "policy/ledger/journal.h"
#include "policy/ledger/owed.h"

namespace budget::ledger {

struct SettlementJournalOptions {
  std::string folder;                           // of its own; made when it is not there
  std::chrono::milliseconds journal_sync{100};  // what a power loss may take
  std::size_t ring_bytes = 4u << 20;            // of a new folder; a multiple of 4096
  std::uint64_t segment_bytes = 8u << 20;
  std::function<void(std::string_view)> log;  // one sentence an event; any thread
  // Seam: how bytes reach the disk; tests fill the disk here. As pwrite(2).
  std::function<ssize_t(int, const void*, std::size_t, off_t)> write;
};

struct Backlog {
  std::int64_t entries = 0;
  std::uint64_t bytes = 0;
  std::optional<policy::Time> oldest;  // when the first of them was kept
  bool disk_failing = false;
};

// The embedded ledger's journal (docs/decisions/0013) with a reader's position
// of its own beside it: the file `delivered`, two slots with checksums that are
// written by turns, so that a torn write leaves the one before. A position that
// lags behind means that entries are delivered again, which is harmless.
// keep() and backlog() are thread-safe; next() and delivered() are one
// reader's.
class SettlementJournal {
 public:
  // Takes up what the process before left. One process a folder. The error is
  // one readable sentence. Cost: reads the whole backlog once, to count it.
  static std::expected<std::unique_ptr<SettlementJournal>, std::string> open(
      SettlementJournalOptions options);
  ~SettlementJournal();
  SettlementJournal(const SettlementJournal&) = delete;
  SettlementJournal& operator=(const SettlementJournal&) = delete;

  // Survives the process when this returns, a power loss after journal_sync.
  // What must be kept is kept in memory while the disk is full; what may fail
  // is refused then: false, and nothing happened. No system call.
  bool keep(const Owed& owed, Journal::Need need);

  struct Batch {
    std::vector<Owed> entries;  // in order; empty: nothing is left, or none can be read yet
    Position end = 0;
  };
  // The first entries that were not delivered. Reads the disk. The error names
  // file and offset.
  std::expected<Batch, std::string> next(std::size_t entries_max);
  // The store has all up to `batch.end`, durably noted. False when the disk
  // would not note it: then they will be delivered again after a restart.
  bool delivered(const Batch& batch);

  [[nodiscard]] Backlog backlog() const;
  // Ends at once, as SIGKILL would, except that the folder is free again.
  void abandon();

 private:
  explicit SettlementJournal(SettlementJournalOptions options) : options_(std::move(options)) {}
  std::expected<void, std::string> read_position();
  bool write_position(Position position);
  std::expected<void, std::string> count();

  SettlementJournalOptions options_;
  FolderLock lock_;
  std::unique_ptr<Journal> journal_;
  int position_file_ = -1;
  std::uint64_t turns_ = 0;  // of the slots
  Position delivered_ = 0;   // the reader's

  mutable std::mutex mutex_;
  std::int64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
  std::optional<policy::Time> oldest_;
};

}  // namespace budget::ledger
