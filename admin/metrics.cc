#include "admin/metrics.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

namespace budget::admin {
namespace {

std::string escaped_help(std::string_view help) {
  std::string text;
  for (const char c : help) {
    if (c == '\\')
      text += "\\\\";
    else if (c == '\n')
      text += "\\n";
    else
      text += c;
  }
  return text;
}

void put_head(std::string& out, std::string_view name, std::string_view help,
              std::string_view type) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped_help(help), name, type);
}

void put_single(std::string& out, std::string_view name, std::string_view help,
                std::string_view type, std::string_view value) {
  put_head(out, name, help, type);
  out += fmt::format("{} {}\n", name, value);
}

std::string decimal_text(std::int64_t value, int decimals) {
  if (decimals == 0) return std::to_string(value);
  std::uint64_t unit = 1;
  for (int i = 0; i < decimals; ++i) unit *= 10;
  // Of the smallest number the negative does not fit.
  const std::uint64_t size =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  return fmt::format("{}{}.{:0{}}", value < 0 ? "-" : "", size / unit, size % unit, decimals);
}

std::string read_file(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The fields of proc(5)'s /proc/self/stat that are told, by its numbering.
struct Stat {
  std::int64_t utime = 0;      // 14, clock ticks
  std::int64_t stime = 0;      // 15
  std::int64_t starttime = 0;  // 22, ticks since boot
  std::int64_t vsize = 0;      // 23, bytes
  std::int64_t rss = 0;        // 24, pages
};

std::optional<Stat> read_stat() {
  const std::string text = read_file("/proc/self/stat");
  // The second field is the program's name in parentheses, and may hold any.
  const std::size_t end = text.rfind(')');
  if (end == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(end + 1));
  Stat stat;
  std::string skipped;
  for (int field = 3; field <= 24; ++field) {
    if (field == 14)
      rest >> stat.utime;
    else if (field == 15)
      rest >> stat.stime;
    else if (field == 22)
      rest >> stat.starttime;
    else if (field == 23)
      rest >> stat.vsize;
    else if (field == 24)
      rest >> stat.rss;
    else
      rest >> skipped;
  }
  return rest ? std::optional(stat) : std::nullopt;
}

std::optional<std::int64_t> boot_time() {
  std::istringstream stat(read_file("/proc/stat"));
  std::string line;
  while (std::getline(stat, line)) {
    if (line.starts_with("btime ")) return std::strtoll(line.c_str() + 6, nullptr, 10);
  }
  return std::nullopt;
}

std::int64_t open_files() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (error) return 0;
  // One of them is the look itself.
  return std::distance(begin(files), end(files)) - 1;
}

// Hundredths are as fine as the kernel's ticks.
std::string seconds_text(std::int64_t ticks) {
  const std::int64_t hundredths = ticks * 100 / ::sysconf(_SC_CLK_TCK);
  return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100);
}

}  // namespace

std::string exposition_of(const std::vector<MetricFamily>& families) {
  std::string out;
  for (const MetricFamily& family : families) {
    put_head(out, family.name, family.help, family.type);
    for (const Sample& sample : family.samples) {
      out += sample.name;
      if (!sample.labels.empty()) out += "{" + sample.labels + "}";
      out += " " + decimal_text(sample.value, sample.decimals) + "\n";
    }
  }
  return out;
}

std::string label_value(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n')
      escaped += "\\n";
    else
      escaped += c;
  }
  return escaped;
}

std::string process_exposition() {
  std::string out;
  put_single(out, "process_open_fds", "Open file descriptors", "gauge",
             std::to_string(open_files()));
  const auto stat = read_stat();
  if (!stat) return out;
  put_single(out, "process_cpu_seconds_total", "CPU time used, user and system", "counter",
             seconds_text(stat->utime + stat->stime));
  put_single(out, "process_resident_memory_bytes", "Memory in RAM", "gauge",
             std::to_string(stat->rss * ::sysconf(_SC_PAGESIZE)));
  put_single(out, "process_virtual_memory_bytes", "Address space in use", "gauge",
             std::to_string(stat->vsize));
  if (const auto boot = boot_time()) {
    put_single(out, "process_start_time_seconds", "Start, in seconds since the epoch", "gauge",
               seconds_text(*boot * ::sysconf(_SC_CLK_TCK) + stat->starttime));
  }
  return out;
}

}  // namespace budget::admin
