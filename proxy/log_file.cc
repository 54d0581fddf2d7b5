#include "proxy/log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace budget {
namespace {

// -1, and errno says why.
int open_for_appending(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

std::string problem_with(const std::string& path) {
  return "cannot write the log to '" + path + "': " + std::generic_category().message(errno);
}

}  // namespace

std::expected<std::shared_ptr<LogFile>, std::string> LogFile::open(std::string path) {
  const int file = open_for_appending(path);
  if (file < 0) return std::unexpected(problem_with(path));
  return std::shared_ptr<LogFile>(new LogFile(std::move(path), file));
}

LogFile::~LogFile() {
  ::close(file_);
}

std::expected<void, std::string> LogFile::reopen() {
  const int file = open_for_appending(path_);
  if (file < 0) return std::unexpected(problem_with(path_));
  int old = file;
  {
    const std::lock_guard lock(mutex_);
    std::swap(old, file_);
  }
  ::close(old);
  return {};
}

void LogFile::write(std::string_view lines) {
  const std::lock_guard lock(mutex_);
  while (!lines.empty()) {
    const ssize_t count = ::write(file_, lines.data(), lines.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    lines.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace budget
