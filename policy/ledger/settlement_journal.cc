#include "policy/ledger/settlement_journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "policy/ledger/crc32c.h"

namespace budget::ledger {
namespace {

// One slot of the file `delivered`; little-endian.
struct Slot {
  std::uint64_t turn = 0;
  std::uint64_t position = 0;
  std::uint32_t checksum = 0;
  std::uint32_t unused = 0;

  [[nodiscard]] std::uint32_t right_checksum() const {
    // Of no bytes is 0, and so would be that of an empty slot.
    return ~crc32c({reinterpret_cast<const char*>(this), 2 * sizeof(std::uint64_t)});
  }
};
constexpr std::size_t kSlots = 2;
// Read from the journal at once; an entry is a few hundred bytes.
constexpr std::size_t kReadBytes = 64u << 10;
// What a frame costs beside its payload.
constexpr std::size_t kFrameBytes = 8;

std::string failure(const std::string& path) {
  return path + ": " + std::strerror(errno);
}

}  // namespace

std::expected<std::unique_ptr<SettlementJournal>, std::string> SettlementJournal::open(
    SettlementJournalOptions options) {
  std::unique_ptr<SettlementJournal> made(new SettlementJournal(std::move(options)));
  const std::string& folder = made->options_.folder;
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return std::unexpected(folder + ": " + failed.message());
  auto lock = FolderLock::take(folder);
  if (!lock) return std::unexpected(std::move(lock.error()));
  made->lock_ = std::move(*lock);
  if (auto read = made->read_position(); !read) return std::unexpected(std::move(read.error()));

  JournalOptions journal;
  journal.folder = folder;
  journal.sync = made->options_.journal_sync;
  journal.ring_bytes = made->options_.ring_bytes;
  journal.segment_bytes = made->options_.segment_bytes;
  journal.log = made->options_.log;
  journal.write = made->options_.write;
  auto opened = Journal::open(std::move(journal), made->delivered_);
  if (!opened) return std::unexpected(std::move(opened.error()));
  made->journal_ = std::move(*opened);
  if (auto counted = made->count(); !counted) return std::unexpected(std::move(counted.error()));
  return made;
}

SettlementJournal::~SettlementJournal() {
  journal_.reset();
  if (position_file_ >= 0) ::close(position_file_);
}

std::expected<void, std::string> SettlementJournal::read_position() {
  const std::string path = options_.folder + "/delivered";
  position_file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (position_file_ < 0) return std::unexpected(failure(path));
  std::array<Slot, kSlots> slots{};
  const ssize_t size = ::pread(position_file_, slots.data(), sizeof(slots), 0);
  if (size < 0) return std::unexpected(failure(path));
  bool any = false;
  for (const Slot& slot : slots) {
    if (slot.checksum != slot.right_checksum() || (any && slot.turn < turns_)) continue;
    any = true;
    turns_ = slot.turn;
    delivered_ = slot.position;
  }
  // The first slot is written when the folder is made, before any entry is.
  if (!any && size > 0) return std::unexpected(path + " is damaged");
  if (!any && !write_position(0)) return std::unexpected(failure(path));
  return {};
}

bool SettlementJournal::write_position(Position position) {
  Slot slot{.turn = ++turns_, .position = position};
  slot.checksum = slot.right_checksum();
  const auto offset = static_cast<off_t>((slot.turn % kSlots) * sizeof(slot));
  return ::pwrite(position_file_, &slot, sizeof(slot), offset) ==
             static_cast<ssize_t>(sizeof(slot)) &&
         ::fdatasync(position_file_) == 0;
}

std::expected<void, std::string> SettlementJournal::count() {
  const Position head = journal_->head();
  for (Position at = delivered_; at < head;) {
    const auto next = journal_->read(at, kReadBytes, [&](std::string_view payload, Position) {
      const auto owed = decode_owed(payload);
      if (!owed) return false;
      if (!oldest_) oldest_ = owed->kept_at;
      ++entries_;
      return true;
    });
    if (!next) return std::unexpected(next.error());
    at = *next;
  }
  bytes_ = head - delivered_;
  return {};
}

bool SettlementJournal::keep(const Owed& owed, Journal::Need need) {
  static thread_local std::string bytes;
  encode(owed, bytes);
  // Counted first: whoever finds it delivered must find it counted too.
  {
    const std::scoped_lock lock(mutex_);
    ++entries_;
    bytes_ += bytes.size() + kFrameBytes;
    if (!oldest_) oldest_ = owed.kept_at;
  }
  if (journal_->append(bytes, need)) return true;
  const std::scoped_lock lock(mutex_);
  bytes_ -= bytes.size() + kFrameBytes;
  if (--entries_ == 0) oldest_.reset();
  return false;
}

std::expected<SettlementJournal::Batch, std::string> SettlementJournal::next(
    std::size_t entries_max) {
  Batch batch;
  batch.end = delivered_;
  journal_->write_out();
  // The visitor of read() cannot stop it, so the rest is read again next time.
  const auto read =
      journal_->read(delivered_, kReadBytes, [&](std::string_view payload, Position end) {
        if (batch.entries.size() >= entries_max) return true;
        auto owed = decode_owed(payload);
        if (!owed) return false;
        batch.entries.push_back(std::move(*owed));
        batch.end = end;
        return true;
      });
  if (!read) return std::unexpected(read.error());
  return batch;
}

bool SettlementJournal::delivered(const Batch& batch) {
  {
    const std::scoped_lock lock(mutex_);
    entries_ -= static_cast<std::int64_t>(batch.entries.size());
    bytes_ -= batch.end - delivered_;
    oldest_.reset();
    // The next is about as old as the last of these, until it is read.
    if (entries_ > 0) oldest_ = batch.entries.back().kept_at;
  }
  delivered_ = batch.end;
  if (!write_position(delivered_)) return false;
  journal_->drop_before(delivered_);
  return true;
}

Backlog SettlementJournal::backlog() const {
  const std::scoped_lock lock(mutex_);
  return {entries_, bytes_, oldest_, journal_->failing()};
}

void SettlementJournal::abandon() {
  journal_->abandon();
}

}  // namespace budget::ledger
