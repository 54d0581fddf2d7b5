// The file that the log is written to.
#pragma once

#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace budget {

// Appended to, and never read. Thread-safe.
class LogFile {
 public:
  // Makes the file where there is none, readable by its owner and group. The
  // error is a sentence that names it.
  [[nodiscard]] static std::expected<std::shared_ptr<LogFile>, std::string> open(std::string path);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // What is written from now on goes to the file of that name, whichever it is:
  // logrotate has moved the old one away. After an error the old one stays.
  std::expected<void, std::string> reopen();
  // Whole lines. What the disk does not take is lost.
  void write(std::string_view lines);

 private:
  LogFile(std::string path, int file) : path_(std::move(path)), file_(file) {}

  const std::string path_;
  std::mutex mutex_;
  int file_;  // guarded by mutex_
};

}  // namespace budget
