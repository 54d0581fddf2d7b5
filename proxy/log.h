// What the program says while it runs: one line an event.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "proxy/log_file.h"
#include "proxy/log_module.h"

namespace spdlog {
class logger;
}

namespace budget {

struct LogField {
  std::string_view name;  // the unit last: "latency_ms"
  std::variant<std::string_view, std::int64_t, bool> value;
};

struct LogConfig;

// Lines of JSON or text on standard error or in a file, written by a thread of
// their own through a bounded queue: a slow reader loses lines, never time.
// Never given a key, a prompt or an answer. Thread-safe.
class Log {
 public:
  enum class Level : std::uint8_t { debug, info, warn, error, off };

  // `file` null: standard error.
  Log(const LogConfig& config, std::shared_ptr<LogFile> file);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Puts the levels of `config` in force, and nothing else of it.
  void set_levels(const LogConfig& config);

  [[nodiscard]] bool enabled(LogModule module, Level level) const {
    return level >= levels_[static_cast<std::size_t>(module)].load(std::memory_order_relaxed);
  }
  // `event` is a fixed snake_case name. What is about one call has its
  // request_id.
  void write(LogModule module, Level level, std::string_view event,
             std::initializer_list<LogField> fields) const;

  void debug(LogModule module, std::string_view event,
             std::initializer_list<LogField> fields) const {
    write(module, Level::debug, event, fields);
  }
  void info(LogModule module, std::string_view event,
            std::initializer_list<LogField> fields) const {
    write(module, Level::info, event, fields);
  }
  void warn(LogModule module, std::string_view event,
            std::initializer_list<LogField> fields) const {
    write(module, Level::warn, event, fields);
  }
  void error(LogModule module, std::string_view event,
             std::initializer_list<LogField> fields) const {
    write(module, Level::error, event, fields);
  }

 private:
  std::array<std::atomic<Level>, log_module_names.size()> levels_{};
  bool json_;
  std::shared_ptr<spdlog::logger> logger_;
};

// "debug", "info", "warn", "error", "off"; info for anything else.
[[nodiscard]] Log::Level log_level_named(std::string_view name);

}  // namespace budget
