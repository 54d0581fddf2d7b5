#include "policy/ledger/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace budget::ledger {

std::expected<FolderLock, std::string> FolderLock::take(const std::string& folder) {
  const std::string path = folder + "/lock";
  FolderLock lock;
  lock.file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock.file_ < 0) return std::unexpected(path + ": " + std::strerror(errno));
  if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
    return std::unexpected(folder + " is in use by another process");
  }
  return lock;
}

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace budget::ledger
