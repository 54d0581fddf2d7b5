#include "policy/ledger/journal_ring.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "policy/ledger/crc32c.h"

namespace budget::ledger {
namespace {

constexpr std::size_t kHeaderBytes = 4096;  // a page, so that the frames begin on one
constexpr std::string_view kMagic = "BUDGETR1";
constexpr std::size_t kDurableAt = 8;

std::string failure(const std::string& path, const char* what) {
  return path + ": " + what + ": " + std::strerror(errno);
}

// Zeros, really written: a hole could turn out to have no disk under it when
// the ring is written to, and that is a signal, not an error.
bool fill_with_zeros(int file, std::size_t size) {
  const std::string zeros(1u << 16, '\0');
  for (std::size_t done = 0; done < size;) {
    const std::size_t part = std::min(zeros.size(), size - done);
    const ssize_t written = ::pwrite(file, zeros.data(), part, static_cast<off_t>(done));
    if (written <= 0) return false;
    done += static_cast<std::size_t>(written);
  }
  return ::fsync(file) == 0;
}

}  // namespace

std::uint32_t frame_checksum(std::uint32_t payload_checksum, std::uint32_t length,
                             Position position) {
  char tail[sizeof(length) + sizeof(position)];
  std::memcpy(tail, &length, sizeof(length));
  std::memcpy(tail + sizeof(length), &position, sizeof(position));
  return crc32c({tail, sizeof(tail)}, payload_checksum);
}

std::string_view frame_at(std::string_view bytes, Position position) {
  FrameHeader header;
  if (bytes.size() < sizeof(header)) return {};
  std::memcpy(&header, bytes.data(), sizeof(header));
  bytes.remove_prefix(sizeof(header));
  if (header.length == 0 || header.length > Journal::payload_max) return {};
  if (header.length > bytes.size()) return {};
  const std::string_view payload = bytes.substr(0, header.length);
  const std::uint32_t expected = frame_checksum(crc32c(payload), header.length, position);
  return header.checksum == expected ? payload : std::string_view{};
}

std::expected<std::unique_ptr<Journal::Ring>, std::string> Journal::Ring::open(
    const std::string& path, std::size_t wanted) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return std::unexpected(failure(path, "cannot be opened"));
  std::unique_ptr<Ring> ring(new Ring);
  struct stat info{};
  char magic[kMagic.size()] = {};
  const bool valid = ::fstat(file, &info) == 0 && info.st_size > static_cast<off_t>(kHeaderBytes) &&
                     ::pread(file, magic, sizeof(magic), 0) == sizeof(magic) &&
                     std::string_view(magic, sizeof(magic)) == kMagic;
  ring->is_new = !valid;
  if (!valid && (::ftruncate(file, 0) != 0 || !fill_with_zeros(file, wanted + kHeaderBytes))) {
    auto error = failure(path, "cannot be allocated");
    ::close(file);
    return std::unexpected(std::move(error));
  }
  // An old ring keeps its size, whatever is wanted now: it may hold frames.
  if (valid) wanted = static_cast<std::size_t>(info.st_size) - kHeaderBytes;
  void* map = ::mmap(nullptr, wanted + kHeaderBytes, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_POPULATE, file, 0);
  ::close(file);
  if (map == MAP_FAILED) return std::unexpected(failure(path, "cannot be mapped"));
  ring->map = static_cast<char*>(map);
  ring->capacity = wanted;
  std::memcpy(ring->map, kMagic.data(), kMagic.size());
  return ring;
}

Journal::Ring::~Ring() {
  if (map) ::munmap(map, capacity + kHeaderBytes);
}

void Journal::Ring::put(Position at, std::string_view bytes) {
  const std::size_t offset = at % capacity;
  const std::size_t first = std::min(bytes.size(), capacity - offset);
  std::memcpy(map + kHeaderBytes + offset, bytes.data(), first);
  std::memcpy(map + kHeaderBytes, bytes.data() + first, bytes.size() - first);
}

void Journal::Ring::get(Position at, std::size_t size, std::string& out) const {
  out.resize(size);
  const std::size_t offset = at % capacity;
  const std::size_t first = std::min(size, capacity - offset);
  std::memcpy(out.data(), map + kHeaderBytes + offset, first);
  std::memcpy(out.data() + first, map + kHeaderBytes, size - first);
}

Position Journal::Ring::durable() const {
  Position position = 0;
  std::memcpy(&position, map + kDurableAt, sizeof(position));
  return position;
}

void Journal::Ring::set_durable(Position position) {
  // One aligned store, so that a kill leaves the old value or the new.
  std::atomic_ref<Position>(*reinterpret_cast<Position*>(map + kDurableAt))
      .store(position, std::memory_order_release);
}

}  // namespace budget::ledger
