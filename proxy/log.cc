#include "proxy/log.h"

#include <spdlog/async.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "policy/rfc3339.h"
#include "proxy/config.h"

namespace budget {
namespace {

constexpr std::size_t queued_lines_max = 8'192;

std::string_view name_of(Log::Level level) {
  switch (level) {
    case Log::Level::debug:
      return "debug";
    case Log::Level::info:
      return "info";
    case Log::Level::warn:
      return "warn";
    case Log::Level::error:
      return "error";
    case Log::Level::off:
      return "off";
  }
  return "";
}

void append_quoted(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_value(std::string& out, const LogField& field) {
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    out += std::to_string(*number);
  } else if (const auto* flag = std::get_if<bool>(&field.value)) {
    out += *flag ? "true" : "false";
  } else {
    append_quoted(out, std::get<std::string_view>(field.value));
  }
}

// What spdlog's own file sinks lack: opening the file anew, on any thread.
class FileSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit FileSink(std::shared_ptr<LogFile> file) : file_(std::move(file)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    line_.assign(message.payload.data(), message.payload.size());
    line_ += '\n';
    file_->write(line_);
  }
  void flush_() override {}

  std::shared_ptr<LogFile> file_;
  std::string line_;  // of the log's own thread, the only one that writes
};

}  // namespace

Log::Level log_level_named(std::string_view name) {
  if (name == "trace") return Log::Level::debug;
  for (const auto level :
       {Log::Level::debug, Log::Level::warn, Log::Level::error, Log::Level::off}) {
    if (name_of(level) == name) return level;
  }
  return Log::Level::info;
}

Log::Log(const LogConfig& config, std::shared_ptr<LogFile> file) : json_(config.json) {
  set_levels(config);
  spdlog::init_thread_pool(queued_lines_max, 1);
  spdlog::sink_ptr sink;
  if (file) {
    sink = std::make_shared<FileSink>(std::move(file));
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  }
  logger_ = std::make_shared<spdlog::async_logger>("budget", std::move(sink), spdlog::thread_pool(),
                                                   spdlog::async_overflow_policy::overrun_oldest);
  logger_->set_pattern("%v");
  logger_->set_level(spdlog::level::trace);
}

void Log::set_levels(const LogConfig& config) {
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const std::string& own = config.levels[i];
    levels_[i].store(log_level_named(own.empty() ? config.level : own), std::memory_order_relaxed);
  }
}

Log::~Log() {
  logger_->flush();
  spdlog::shutdown();
}

void Log::write(LogModule module, Level level, std::string_view event,
                std::initializer_list<LogField> fields) const {
  if (!enabled(module, level)) return;
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  std::string line;
  line.reserve(256);
  if (json_) {
    line += R"({"time":")" + policy::rfc3339(now) + R"(","level":")";
    line += name_of(level);
    line += R"(","module":")";
    line += name_of(module);
    line += R"(","event":)";
    append_quoted(line, event);
    for (const LogField& field : fields) {
      line += ',';
      append_quoted(line, field.name);
      line += ':';
      append_value(line, field);
    }
    line += '}';
  } else {
    line += policy::rfc3339(now);
    line += ' ';
    line += name_of(level);
    line += ' ';
    line += name_of(module);
    line += ' ';
    line += event;
    for (const LogField& field : fields) {
      line += ' ';
      line += field.name;
      line += '=';
      append_value(line, field);
    }
  }
  logger_->log(spdlog::level::info, "{}", line);
}

}  // namespace budget
