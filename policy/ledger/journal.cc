#include "policy/ledger/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "policy/ledger/crc32c.h"
#include "policy/ledger/journal_ring.h"

namespace budget::ledger {
namespace {

constexpr std::chrono::milliseconds kRetry{50};  // after the disk refused
// How long an append waits for a disk that is slow, before it is taken for one
// that is full: callers are I/O threads.
constexpr std::chrono::milliseconds kRingWaitMax{200};

}  // namespace

Journal::Journal(JournalOptions options) : options_(std::move(options)) {
  if (!options_.log) options_.log = [](std::string_view) {};
  if (!options_.write) options_.write = ::pwrite;
}

Journal::~Journal() {
  if (thread_.joinable()) {
    {
      const std::scoped_lock lock(ring_mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
    sync();
  }
  for (const Segment& segment : segments_) ::close(segment.file);
}

void Journal::abandon() {
  {
    const std::scoped_lock lock(ring_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Journal::fits(std::size_t payload_bytes) const {
  return head_ + sizeof(FrameHeader) + payload_bytes <= kept_from_ + ring_->capacity;
}

void Journal::put(std::string_view payload) {
  FrameHeader header;
  header.length = static_cast<std::uint32_t>(payload.size());
  header.checksum = frame_checksum(crc32c(payload), header.length, head_);
  ring_->put(head_, {reinterpret_cast<const char*>(&header), sizeof(header)});
  ring_->put(head_ + sizeof(header), payload);
  head_ += sizeof(header) + payload.size();
}

bool Journal::append(std::string_view payload, Need need) {
  bool wake = false;
  {
    std::unique_lock lock(ring_mutex_);
    const bool too_large = payload.size() > payload_max || payload.size() > ring_->capacity / 2;
    if (need == Need::may_fail && (failing() || too_large)) return false;
    if (!owed_.empty() || !fits(payload.size())) {
      // Outrunning the disk is not the same as the disk being full: wait for
      // it as long as it makes progress.
      woken_ = true;
      wake_.notify_all();
      wake_.wait_for(lock, kRingWaitMax, [&] {
        return failing() || stopping_ || (owed_.empty() && fits(payload.size()));
      });
      if (!owed_.empty() || !fits(payload.size())) {
        if (need == Need::may_fail) return false;
        owed_.emplace_back(payload);
        return true;
      }
    }
    put(payload);
    if (!woken_ && head_ - kept_from_ > ring_->capacity / 2) woken_ = wake = true;
  }
  if (wake) wake_.notify_all();
  return true;
}

Position Journal::head() const {
  const std::scoped_lock lock(ring_mutex_);
  return head_;
}

Position Journal::written() const {
  const std::scoped_lock lock(file_mutex_);
  return written_;
}

std::size_t Journal::owed() const {
  const std::scoped_lock lock(ring_mutex_);
  return owed_.size();
}

bool Journal::pay_owed() {
  const std::scoped_lock lock(ring_mutex_);
  const std::size_t before = owed_.size();
  while (!owed_.empty() && fits(owed_.front().size())) {
    put(owed_.front());
    owed_.pop_front();
  }
  return owed_.size() < before;
}

void Journal::set_failing(bool failing, std::string_view what) {
  if (failing_.exchange(failing) == failing) return;
  options_.log(failing ? "the journal cannot be written: " + std::string(what)
                       : std::string("the journal can be written again"));
}

bool Journal::write_range(Position from, Position to) {
  Segment& segment = segments_.back();
  std::string bytes;
  {
    const std::scoped_lock lock(ring_mutex_);
    ring_->get(from, to - from, bytes);
  }
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto offset = static_cast<off_t>(from - segment.first + done);
    const ssize_t written =
        options_.write(segment.file, bytes.data() + done, bytes.size() - done, offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      set_failing(true, segment.path + ": " + std::strerror(written < 0 ? errno : ENOSPC));
      return false;
    }
    done += static_cast<std::size_t>(written);
  }
  segment.end = to;
  return true;
}

bool Journal::write_out_locked() {
  const Position to = head();
  if (written_ == to) return true;
  if (segments_.back().end - segments_.back().first >= options_.segment_bytes) {
    if (!sync_locked()) return false;
    if (const auto begun = begin_segment(written_); !begun) {
      set_failing(true, begun.error());
      return false;
    }
  }
  if (!write_range(written_, to)) return false;
  written_ = to;
  return true;
}

bool Journal::sync_locked() {
  const Position to = written_;
  Position from = 0;
  {
    const std::scoped_lock lock(ring_mutex_);
    from = kept_from_;
  }
  if (from == to) return true;
  if (::fdatasync(segments_.back().file) != 0) {
    // The kernel may have dropped the pages it could not write, so they are
    // written again from the ring, which still has them.
    set_failing(true, segments_.back().path + ": " + std::strerror(errno));
    written_ = std::max(from, segments_.back().first);
    return false;
  }
  ring_->set_durable(to);
  {
    const std::scoped_lock lock(ring_mutex_);
    kept_from_ = to;
  }
  wake_.notify_all();
  return true;
}

void Journal::write_out() {
  const std::scoped_lock lock(file_mutex_);
  write_out_locked();
}

bool Journal::sync() {
  const std::scoped_lock lock(file_mutex_);
  bool done = write_out_locked() && sync_locked();
  while (done && pay_owed()) done = write_out_locked() && sync_locked();
  if (done) set_failing(false, "");
  return done;
}

void Journal::run() {
  std::unique_lock lock(ring_mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, failing() ? kRetry : options_.sync,
                   [this] { return stopping_ || woken_; });
    woken_ = false;
    if (stopping_) return;
    lock.unlock();
    sync();
    lock.lock();
    // While the disk refuses, a full ring must not turn this into a spin.
    if (failing()) wake_.wait_for(lock, kRetry, [this] { return stopping_; });
  }
}

std::expected<Position, std::string> Journal::read(Position from, std::size_t bytes_max,
                                                   const Visit& each) {
  std::string bytes, path;
  Position first = 0;
  {
    const std::scoped_lock lock(file_mutex_);
    const auto found = std::ranges::find_if(
        segments_, [from](const Segment& segment) { return from < segment.end; });
    if (found == segments_.end() || from >= written_) return from;
    path = found->path;
    first = found->first;
    // A frame may be longer than what was asked for; it is read whole.
    const std::size_t wanted = std::max(bytes_max, payload_max + sizeof(FrameHeader));
    bytes.resize(std::min<std::uint64_t>(wanted, std::min(found->end, written_) - from));
    const ssize_t got =
        ::pread(found->file, bytes.data(), bytes.size(), static_cast<off_t>(from - first));
    if (got < 0) return std::unexpected(path + ": " + std::strerror(errno));
    bytes.resize(static_cast<std::size_t>(got));
  }
  std::string_view rest = bytes;
  Position position = from;
  while (!rest.empty()) {
    const std::string_view payload = frame_at(rest, position);
    if (payload.empty()) break;
    const std::size_t size = sizeof(FrameHeader) + payload.size();
    if (!each(payload, position + size)) {
      return std::unexpected(path + " is damaged at offset " + std::to_string(position - first));
    }
    position += size;
    rest.remove_prefix(size);
  }
  if (position == from) {
    return std::unexpected(path + " is damaged at offset " + std::to_string(position - first));
  }
  return position;
}

void Journal::drop_before(Position position) {
  const std::scoped_lock lock(file_mutex_);
  while (segments_.size() > 1 && segments_.front().end <= position) {
    ::close(segments_.front().file);
    ::unlink(segments_.front().path.c_str());
    segments_.pop_front();
  }
}

std::uint64_t Journal::bytes() const {
  const std::scoped_lock lock(file_mutex_);
  return segments_.empty() ? 0 : segments_.back().end - segments_.front().first;
}

}  // namespace budget::ledger
