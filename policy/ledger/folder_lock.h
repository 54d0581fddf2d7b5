// One process a folder.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace budget::ledger {

// Keeps other processes out of a folder as long as it lives; the kernel lets
// go of it when the process ends, however it does.
class FolderLock {
 public:
  // The error is one sentence.
  static std::expected<FolderLock, std::string> take(const std::string& folder);
  FolderLock() = default;
  FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FolderLock& operator=(FolderLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~FolderLock();

 private:
  int file_ = -1;
};

}  // namespace budget::ledger
