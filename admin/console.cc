#include "admin/console.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>

#include "admin/answer.h"

// In ui/console.S.
extern "C" {
extern const char budget_console_pack[];
extern const char budget_console_pack_end[];
}

namespace budget::admin {
namespace {

constexpr std::string_view page_name = "index.html";
constexpr std::string_view element_name = "tekton-budget.js";

// Nothing but the console's own files is loaded, and nothing but this server
// is asked. No page may frame it.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "br;q=0" and "br; q=0.000" say no; any other weight is a yes.
bool refuses(std::string_view parameters) {
  const std::size_t at = parameters.find("q=");
  if (at == std::string_view::npos) return false;
  const std::string_view weight = trimmed(parameters.substr(at + 2));
  return weight.find_first_not_of("0.") == std::string_view::npos;
}

// "console-1A2B3C4D.js": another name whenever the contents are others.
bool is_hashed(std::string_view name) {
  constexpr std::size_t digits = 8;
  const std::size_t dot = std::min(name.rfind('.'), name.size());
  if (dot <= digits || name[dot - digits - 1] != '-') return false;
  const std::string_view hash = name.substr(dot - digits, digits);
  return std::ranges::all_of(
      hash, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

bool accepts(std::string_view list, std::string_view encoding) {
  if (encoding == "identity") return true;
  bool any = false;
  while (!list.empty()) {
    std::string_view entry = take_until(list, ',');
    const std::string_view name = trimmed(take_until(entry, ';'));
    if (name == encoding) return !refuses(entry);
    if (name == "*") any = !refuses(entry);
  }
  return any;
}

bool matches(std::string_view list, std::string_view tag) {
  while (!list.empty()) {
    std::string_view entry = trimmed(take_until(list, ','));
    if (entry == "*") return true;
    if (entry.starts_with("W/")) entry.remove_prefix(2);
    if (entry.size() == tag.size() + 2 && entry.substr(1, tag.size()) == tag) return true;
  }
  return false;
}

}  // namespace

std::vector<ConsoleFile> files_of_pack(std::string_view pack) {
  std::vector<ConsoleFile> files;
  std::vector<std::size_t> lengths;
  while (!pack.empty()) {
    std::string_view line = take_until(pack, '\n');
    if (line.empty()) break;
    ConsoleFile file;
    file.name = take_until(line, ' ');
    file.encoding = take_until(line, ' ');
    const std::string_view digits = take_until(line, ' ');
    file.tag = take_until(line, ' ');
    file.type = line;
    std::size_t length = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return {};
    files.push_back(file);
    lengths.push_back(length);
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (lengths[i] > pack.size()) return {};
    files[i].contents = pack.substr(0, lengths[i]);
    pack.remove_prefix(lengths[i]);
  }
  return files;
}

std::span<const ConsoleFile> console_files() {
  static const std::vector<ConsoleFile> files =
      files_of_pack({budget_console_pack,
                     static_cast<std::size_t>(budget_console_pack_end - budget_console_pack)});
  return files;
}

ApiResponse console_answer(std::span<const ConsoleFile> files, std::string_view name,
                           const ApiRequest& request) {
  const std::string_view list = request.header("accept-encoding");
  const ConsoleFile* best = nullptr;
  for (const ConsoleFile& file : files) {
    if (file.name != name || !accepts(list, file.encoding)) continue;
    if (!best || file.contents.size() < best->contents.size()) best = &file;
  }
  if (!best) return failure(not_found("file of the console", name));
  ApiResponse response;
  response.content_type = best->type;
  const bool page = name == page_name;
  response.headers = {
      {"cache-control", is_hashed(name) ? "public, max-age=31536000, immutable" : "no-cache"},
      {"etag", "\"" + std::string(best->tag) + "\""},
      // What stands at `/` depends on whether a browser asks.
      {"vary", page ? "accept, accept-encoding" : "accept-encoding"},
      {"x-content-type-options", "nosniff"},
      {"referrer-policy", "no-referrer"}};
  // Pages of others may load the element; it is a program, and holds no secret.
  if (name == element_name) response.headers.emplace_back("access-control-allow-origin", "*");
  if (page) {
    response.headers.emplace_back("content-security-policy", policy);
    response.headers.emplace_back("cross-origin-opener-policy", "same-origin");
  }
  if (matches(request.header("if-none-match"), best->tag)) {
    response.status = 304;
    return response;
  }
  if (best->encoding != "identity") {
    response.headers.emplace_back("content-encoding", best->encoding);
  }
  response.body = best->contents;
  return response;
}

bool wants_page(const ApiRequest& request) {
  return request.header("accept").find("text/html") != std::string_view::npos;
}

}  // namespace budget::admin
