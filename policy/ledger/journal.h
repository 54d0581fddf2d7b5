// The append-only file of what the ledger did, before its store has it.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>

namespace budget::ledger {

// A position in the journal: bytes since its beginning, never reused.
using Position = std::uint64_t;

struct JournalOptions {
  std::string folder;                   // exists; nobody else writes there
  std::chrono::milliseconds sync{100};  // how much a power loss may take
  std::size_t ring_bytes = 16u << 20;   // a multiple of 4096
  std::uint64_t segment_bytes = 64u << 20;
  std::function<void(std::string_view)> log;  // one sentence an event; any thread
  // Seam: how bytes reach the disk; tests fill the disk here. As pwrite(2).
  std::function<ssize_t(int, const void*, std::size_t, off_t)> write;
};

// Frames of bytes with checksums. append() copies into a ring that is a shared
// mapping of a file: what it holds survives the process, at no system call. A
// thread of the journal's own moves it to the segment files and makes it
// durable every `sync`; until then the ring keeps it. Why this is safe:
// docs/decisions/0013-embedded-journal-and-sqlite.md. Thread-safe.
class Journal {
 public:
  // Opens or begins the journal of a folder, whose reader is at `from`. A torn
  // tail is dropped with a log line; damage before that is an error that names
  // the file and the offset.
  static std::expected<std::unique_ptr<Journal>, std::string> open(JournalOptions options,
                                                                   Position from);
  // Orderly: everything appended is durable, unless abandon() came first.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  enum class Need : std::uint8_t {
    may_fail,   // refused while the disk is full
    must_keep,  // kept in memory while the disk is full, and reported
  };
  // Appends one frame; false when it was refused, and nothing happened. Waits
  // at most 0.2 s, and only for a disk that is 16 MiB behind.
  // REQUIRES: 0 < payload.size() <= payload_max and half the ring; what may
  // fail is refused otherwise. Cost: a copy, ~0.1 us.
  static constexpr std::size_t payload_max = 1u << 20;
  bool append(std::string_view payload, Need need);

  [[nodiscard]] Position head() const;
  [[nodiscard]] Position written() const;  // how far read() can go
  // Moves what is appended to the segment files, where read() finds it.
  void write_out();
  // Makes it durable. False when the disk would not.
  bool sync();

  // Calls `each` with whole frames from `from` on and the position after each,
  // until about `bytes_max` have been read or what write_out() moved ends.
  // REQUIRES: `from` is the end of a frame. The error names file and offset.
  using Visit = std::function<bool(std::string_view payload, Position end)>;
  std::expected<Position, std::string> read(Position from, std::size_t bytes_max,
                                            const Visit& each);
  // Deletes the segments that lie wholly before `position`.
  void drop_before(Position position);

  [[nodiscard]] std::uint64_t bytes() const;  // in segment files
  [[nodiscard]] bool failing() const { return failing_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t owed() const;  // frames kept in memory only
  // Ends at once, as SIGKILL would: nothing more is written.
  void abandon();

 private:
  struct Segment {
    Position first = 0;
    Position end = 0;
    int file = -1;
    std::string path;
  };
  struct Ring;

  explicit Journal(JournalOptions options);
  std::expected<void, std::string> recover(Position from);
  std::expected<void, std::string> find_segments();
  std::expected<void, std::string> scan_segments(Position from);
  std::expected<Position, std::string> scan_ring(Position from);
  std::expected<void, std::string> begin_segment(Position first);
  std::expected<void, std::string> cut_tail(std::size_t index, Position end);
  void put(std::string_view payload);
  bool fits(std::size_t payload_bytes) const;
  bool pay_owed();  // false: nothing was owed, or none of it fits yet
  bool write_out_locked();
  bool sync_locked();
  bool write_range(Position from, Position to);
  void set_failing(bool failing, std::string_view what);
  void run();

  JournalOptions options_;
  std::unique_ptr<Ring> ring_;

  // Lock order: file_mutex_, then ring_mutex_.
  mutable std::mutex ring_mutex_;
  std::condition_variable wake_;
  Position head_ = 0;
  Position kept_from_ = 0;  // what is before this is durable; its ring space is free
  std::deque<std::string> owed_;
  bool woken_ = false;
  bool stopping_ = false;

  mutable std::mutex file_mutex_;
  std::deque<Segment> segments_;
  Position written_ = 0;  // in segment files

  std::atomic<bool> failing_{false};
  std::thread thread_;
};

}  // namespace budget::ledger
