#include "proxy/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>

#include "policy/rfc3339.h"

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

}  // namespace

Log::Level log_level_named(std::string_view name) {
  if (name == "trace") return Log::Level::debug;
  for (const auto level :
       {Log::Level::debug, Log::Level::warn, Log::Level::error, Log::Level::off}) {
    if (name_of(level) == name) return level;
  }
  return Log::Level::info;
}

Log::Log(Level level, bool json) : level_(level), json_(json) {
  spdlog::init_thread_pool(queued_lines_max, 1);
  logger_ = std::make_shared<spdlog::async_logger>(
      "budget", std::make_shared<spdlog::sinks::stderr_sink_mt>(), spdlog::thread_pool(),
      spdlog::async_overflow_policy::overrun_oldest);
  logger_->set_pattern("%v");
  logger_->set_level(spdlog::level::trace);
}

Log::~Log() {
  logger_->flush();
  spdlog::shutdown();
}

void Log::write(Level level, std::string_view event, std::initializer_list<LogField> fields) const {
  if (!enabled(level)) return;
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  std::string line;
  line.reserve(256);
  if (json_) {
    line += R"({"time":")" + policy::rfc3339(now) + R"(","level":")";
    line += name_of(level);
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
