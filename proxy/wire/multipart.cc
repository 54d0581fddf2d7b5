#include "proxy/wire/multipart.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "proxy/wire/framing.h"

namespace budget::wire {
namespace {

constexpr std::size_t parts_max = 256;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return result;
}

// The parameters behind the first ';', each given once. nullopt: malformed.
struct Parameters {
  std::optional<std::string_view> boundary;
  std::optional<std::string_view> name;
  bool filename = false;
};

std::optional<Parameters> parameters_of(std::string_view header) {
  Parameters parameters;
  std::size_t at = header.find(';');
  while (at != std::string_view::npos && at < header.size()) {
    header.remove_prefix(at + 1);
    const std::size_t equals = header.find('=');
    if (equals == std::string_view::npos) {
      return trimmed(header).empty() ? std::optional(parameters) : std::nullopt;
    }
    const std::string key = lower(trimmed(header.substr(0, equals)));
    header = trimmed(header.substr(equals + 1));
    std::string_view value;
    if (header.starts_with('"')) {
      // An escaped quote is read differently by different parsers.
      const std::size_t end = header.find('"', 1);
      if (end == std::string_view::npos) return std::nullopt;
      value = header.substr(1, end - 1);
      if (value.find('\\') != std::string_view::npos) return std::nullopt;
      header.remove_prefix(end + 1);
      at = header.find(';');
      if (!trimmed(header.substr(0, at)).empty()) return std::nullopt;
    } else {
      at = header.find(';');
      value = trimmed(header.substr(0, at));
    }
    if (key == "boundary" && !std::exchange(parameters.boundary, value)) continue;
    if (key == "name" && !std::exchange(parameters.name, value)) continue;
    if (key == "filename" || key == "filename*") {
      parameters.filename = true;
    } else if (key == "boundary" || key == "name" || key == "name*") {
      return std::nullopt;
    }
  }
  return parameters;
}

// RFC 2046's bchars, no more than 70 of them.
bool is_boundary(std::string_view text) {
  if (text.empty() || text.size() > 70 || text.back() == ' ') return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
  });
}

// Reads a part's head, as far as it says what the part is.
std::expected<void, std::string> read_head(std::string_view head, FormPart& part) {
  bool disposed = false;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || line.front() == ' ' ||
        line.front() == '\t') {
      return std::unexpected("The form has a malformed header.");
    }
    if (lower(trimmed(line.substr(0, colon))) != "content-disposition") continue;
    const std::string_view value = trimmed(line.substr(colon + 1));
    const auto parameters = parameters_of(value);
    if (disposed || !parameters || !parameters->name || !is_content_type(value, "form-data")) {
      return std::unexpected("The form has a part whose name cannot be read for sure.");
    }
    disposed = true;
    part.name = *parameters->name;
    part.is_file = parameters->filename;
  }
  if (!disposed) return std::unexpected("The form has a part without a name.");
  return {};
}

bool may_repeat(const FormPart& part) {
  return part.name.ends_with("[]") || (part.is_file && part.name != "file");
}

}  // namespace

std::expected<std::vector<FormPart>, std::string> parse_multipart(std::string_view content_type,
                                                                  std::string_view body) {
  if (!is_content_type(content_type, "multipart/form-data")) {
    return std::unexpected("The request must be a multipart form.");
  }
  const auto parameters = parameters_of(content_type);
  if (!parameters || !parameters->boundary || !is_boundary(*parameters->boundary)) {
    return std::unexpected("The form's boundary is missing or malformed.");
  }
  const std::string delimiter = "--" + std::string(*parameters->boundary);
  const std::string inner = "\r\n" + delimiter;
  if (!body.starts_with(delimiter)) {
    return std::unexpected("The form does not begin with its boundary.");
  }
  std::vector<FormPart> parts;
  std::size_t at = delimiter.size();
  while (true) {
    const std::string_view rest = body.substr(at);
    if (rest == "--" || rest == "--\r\n") return parts;
    if (!rest.starts_with("\r\n")) return std::unexpected("The form has a malformed boundary.");
    at += 2;
    const std::size_t head_end = body.find("\r\n\r\n", at);
    if (head_end == std::string_view::npos) break;
    FormPart part;
    if (auto read = read_head(body.substr(at, head_end - at), part); !read) {
      return std::unexpected(read.error());
    }
    part.offset = head_end + 4;
    const std::size_t end = body.find(inner, part.offset);
    if (end == std::string_view::npos) break;
    part.content = body.substr(part.offset, end - part.offset);
    at = end + inner.size();
    const bool repeated =
        std::ranges::any_of(parts, [&](const FormPart& other) { return other.name == part.name; });
    if (repeated && !may_repeat(part)) {
      return std::unexpected("The form holds '" + std::string(part.name) + "' more than once.");
    }
    parts.push_back(part);
    if (parts.size() > parts_max) return std::unexpected("The form has too many parts.");
  }
  return std::unexpected("The form has no end.");
}

}  // namespace budget::wire
