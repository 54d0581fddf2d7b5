// What the program says while it runs: one line an event.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace spdlog {
class logger;
}

namespace budget {

struct LogField {
  std::string_view name;  // the unit last: "latency_ms"
  std::variant<std::string_view, std::int64_t, bool> value;
};

// Lines of JSON or text on standard error, written by a thread of their own
// through a bounded queue: a slow terminal loses lines, never time. Never
// given a key, a prompt or an answer. Thread-safe.
class Log {
 public:
  enum class Level : std::uint8_t { debug, info, warn, error, off };

  Log(Level level, bool json);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  [[nodiscard]] bool enabled(Level level) const { return level >= level_; }
  // `event` is a fixed snake_case name.
  void write(Level level, std::string_view event, std::initializer_list<LogField> fields) const;

  void info(std::string_view event, std::initializer_list<LogField> fields) const {
    write(Level::info, event, fields);
  }
  void warn(std::string_view event, std::initializer_list<LogField> fields) const {
    write(Level::warn, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields) const {
    write(Level::error, event, fields);
  }

 private:
  Level level_;
  bool json_;
  std::shared_ptr<spdlog::logger> logger_;
};

// "debug", "info", "warn", "error", "off"; info for anything else.
[[nodiscard]] Log::Level log_level_named(std::string_view name);

}  // namespace budget
