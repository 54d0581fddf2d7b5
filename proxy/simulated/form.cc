#include "proxy/simulated/form.h"

#include <charconv>

namespace budget::simulated {
namespace {

std::string_view boundary_of(std::string_view content_type) {
  constexpr std::string_view key = "boundary=";
  const std::size_t at = content_type.find(key);
  if (at == std::string_view::npos) return {};
  std::string_view boundary = content_type.substr(at + key.size());
  if (boundary.starts_with('"')) {
    boundary.remove_prefix(1);
    return boundary.substr(0, boundary.find('"'));
  }
  return boundary.substr(0, boundary.find_first_of("; \t"));
}

}  // namespace

std::string_view header_of(const Request& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

bool is_form(const Request& request) {
  return header_of(request, "content-type").starts_with("multipart/form-data");
}

std::string_view form_field(const Request& request, std::string_view name) {
  const std::string_view boundary = boundary_of(header_of(request, "content-type"));
  if (boundary.empty()) return {};
  const std::string delimiter = "--" + std::string(boundary);
  const std::string wanted = "name=\"" + std::string(name) + "\"";
  std::string_view rest = request.body;
  for (;;) {
    const std::size_t at = rest.find(delimiter);
    if (at == std::string_view::npos) return {};
    rest.remove_prefix(at + delimiter.size());
    const std::string_view part = rest.substr(0, rest.find(delimiter));
    const std::size_t head_end = part.find("\r\n\r\n");
    if (head_end == std::string_view::npos) continue;
    // A leading space or semicolon, so that filename="…" is not taken for it.
    const std::string_view head = part.substr(0, head_end);
    const std::size_t found = head.find(wanted);
    if (found == std::string_view::npos || found == 0 || head[found - 1] == 'e') continue;
    std::string_view value = part.substr(head_end + 4);
    if (value.ends_with("\r\n")) value.remove_suffix(2);
    return value;
  }
}

std::string_view parameter(const Call& call, std::string_view name) {
  return is_form(call.request) ? form_field(call.request, name) : string_at(call.body, name);
}

std::int64_t number(const Call& call, std::string_view name, std::int64_t otherwise) {
  if (!is_form(call.request)) return integer_at(call.body, name).value_or(otherwise);
  const std::string_view text = form_field(call.request, name);
  std::int64_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool flag(const Call& call, std::string_view name) {
  return is_form(call.request) ? form_field(call.request, name) == "true"
                               : true_at(call.body, name);
}

}  // namespace budget::simulated
