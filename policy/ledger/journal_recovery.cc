// How a journal is found again after whatever happened to it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "policy/ledger/journal.h"
#include "policy/ledger/journal_ring.h"

namespace budget::ledger {
namespace {

constexpr std::string_view kPrefix = "journal-";
constexpr std::string_view kSuffix = ".log";

std::string segment_name(Position first) {
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(first));
  return std::string(kPrefix) + digits + std::string(kSuffix);
}

std::optional<Position> first_of(const std::string& name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  const char* begin = name.data() + kPrefix.size();
  const char* end = name.data() + name.size() - kSuffix.size();
  Position first = 0;
  const auto [rest, error] = std::from_chars(begin, end, first, 16);
  if (error != std::errc() || rest != end) return std::nullopt;
  return first;
}

void sync_folder(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

// Whether a whole frame begins anywhere in `bytes`, which lie at `position`.
bool any_frame_in(std::string_view bytes, Position position) {
  for (; !bytes.empty(); bytes.remove_prefix(1), ++position) {
    if (!frame_at(bytes, position).empty()) return true;
  }
  return false;
}

}  // namespace

std::expected<std::unique_ptr<Journal>, std::string> Journal::open(JournalOptions options,
                                                                   Position from) {
  std::unique_ptr<Journal> journal(new Journal(std::move(options)));
  auto ring = Ring::open(journal->options_.folder + "/journal.ring", journal->options_.ring_bytes);
  if (!ring) return std::unexpected(std::move(ring.error()));
  journal->ring_ = std::move(*ring);
  if (auto recovered = journal->recover(from); !recovered) {
    return std::unexpected(std::move(recovered.error()));
  }
  journal->thread_ = std::thread([raw = journal.get()] { raw->run(); });
  return journal;
}

std::expected<void, std::string> Journal::find_segments() {
  std::error_code failed;
  for (const auto& file : std::filesystem::directory_iterator(options_.folder, failed)) {
    const auto first = first_of(file.path().filename().string());
    if (!first) continue;
    Segment segment{*first, *first, -1, file.path().string()};
    segment.file = ::open(segment.path.c_str(), O_RDWR | O_CLOEXEC);
    struct stat info{};
    if (segment.file < 0 || ::fstat(segment.file, &info) != 0) {
      return std::unexpected(segment.path + ": " + std::strerror(errno));
    }
    segment.end = segment.first + static_cast<Position>(info.st_size);
    segments_.push_back(std::move(segment));
  }
  if (failed) return std::unexpected(options_.folder + ": " + failed.message());
  std::ranges::sort(segments_, {}, &Segment::first);
  return {};
}

std::expected<void, std::string> Journal::begin_segment(Position first) {
  Segment segment{first, first, -1, options_.folder + "/" + segment_name(first)};
  segment.file = ::open(segment.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (segment.file < 0) return std::unexpected(segment.path + ": " + std::strerror(errno));
  sync_folder(options_.folder);
  segments_.push_back(std::move(segment));
  return {};
}

// Forgets what lies behind `end`, in this segment and in all later ones.
std::expected<void, std::string> Journal::cut_tail(std::size_t index, Position end) {
  std::uint64_t dropped = 0;
  for (std::size_t later = index + 1; later < segments_.size(); ++later) {
    dropped += segments_[later].end - segments_[later].first;
    ::close(segments_[later].file);
    ::unlink(segments_[later].path.c_str());
  }
  segments_.resize(index + 1);
  Segment& segment = segments_.back();
  dropped += segment.end - end;
  if (::ftruncate(segment.file, static_cast<off_t>(end - segment.first)) != 0) {
    return std::unexpected(segment.path + ": " + std::strerror(errno));
  }
  segment.end = end;
  if (dropped > 0) {
    options_.log("the journal's torn tail was dropped: " + std::to_string(dropped) +
                 " bytes at offset " + std::to_string(end - segment.first) + " of " + segment.path);
  }
  return {};
}

// Walks the frames from `from` to the end, and sets written_ to it.
std::expected<void, std::string> Journal::scan_segments(Position from) {
  const Position durable = ring_->is_new ? 0 : ring_->durable();
  written_ = from;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    Segment& segment = segments_[i];
    if (segment.end <= from) continue;
    if (segment.first > written_) {
      return std::unexpected(segment.path +
                             " does not follow the journal before it, which ends at " +
                             std::to_string(written_));
    }
    std::string bytes(segment.end - written_, '\0');
    const ssize_t got = ::pread(segment.file, bytes.data(), bytes.size(),
                                static_cast<off_t>(written_ - segment.first));
    if (got < 0) return std::unexpected(segment.path + ": " + std::strerror(errno));
    bytes.resize(static_cast<std::size_t>(got));
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const std::string_view payload = frame_at(rest, written_);
      if (payload.empty()) break;
      rest.remove_prefix(sizeof(FrameHeader) + payload.size());
      written_ += sizeof(FrameHeader) + payload.size();
    }
    if (rest.empty()) continue;
    const std::string where =
        segment.path + " is damaged at offset " + std::to_string(written_ - segment.first);
    // What was made durable once, or is followed by whole frames that the
    // ring cannot vouch for, was not torn by a crash: it was damaged later.
    const auto mended = scan_ring(written_);
    if (!mended) return std::unexpected(mended.error());
    const bool is_body =
        *mended < durable || (ring_->is_new && any_frame_in(rest.substr(1), written_ + 1));
    if (is_body) return std::unexpected(where);
    return cut_tail(i, written_);
  }
  if (written_ < durable && durable > from) {
    const auto mended = scan_ring(written_);
    if (!mended) return std::unexpected(mended.error());
    if (*mended < durable) {
      return std::unexpected(options_.folder + ": the journal ends at " + std::to_string(written_) +
                             ", but was durable up to " + std::to_string(durable));
    }
  }
  return {};
}

// The end of the frames that the ring holds from `from` on.
std::expected<Position, std::string> Journal::scan_ring(Position from) {
  Position end = from;
  std::string bytes;
  for (;;) {
    FrameHeader header;
    ring_->get(end, sizeof(header), bytes);
    std::memcpy(&header, bytes.data(), sizeof(header));
    const std::size_t size = sizeof(header) + header.length;
    if (header.length == 0 || header.length > payload_max || size > ring_->capacity) return end;
    ring_->get(end, size, bytes);
    if (frame_at(bytes, end).empty()) return end;
    end += size;
  }
}

std::expected<void, std::string> Journal::recover(Position from) {
  if (auto found = find_segments(); !found) return found;
  if (!segments_.empty() && segments_.front().first > from) {
    return std::unexpected(options_.folder + ": the journal begins at " +
                           std::to_string(segments_.front().first) +
                           ", but its store has only what is before " + std::to_string(from));
  }
  if (auto scanned = scan_segments(from); !scanned) return scanned;
  // A segment that ends before the store's position has nothing left to say;
  // nor may one be appended to whose last bytes a power loss took.
  if (segments_.empty() || segments_.back().end != written_) {
    for (const Segment& segment : segments_) {
      ::close(segment.file);
      ::unlink(segment.path.c_str());
    }
    segments_.clear();
    if (auto begun = begin_segment(written_); !begun) return begun;
  }
  const auto end = scan_ring(written_);
  if (!end) return std::unexpected(end.error());
  head_ = *end;
  kept_from_ = written_;
  if (written_ < head_ && !write_range(written_, head_)) {
    return std::unexpected(segments_.back().path + ": " + std::strerror(errno));
  }
  written_ = head_;
  if (::fdatasync(segments_.back().file) != 0) {
    return std::unexpected(segments_.back().path + ": " + std::strerror(errno));
  }
  ring_->set_durable(written_);
  kept_from_ = written_;
  return {};
}

}  // namespace budget::ledger
