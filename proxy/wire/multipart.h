// multipart/form-data (RFC 7578), read strictly.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace budget::wire {

struct FormPart {
  std::string_view name;
  std::string_view content;  // as sent
  std::size_t offset = 0;    // of the content in the body
  bool is_file = false;      // has a filename
};

// The parts of a form, as views into `body`. Errors, as a sentence: another
// content type, no or a malformed boundary, a part without a name, two parts of
// the same name (but for names that end with "[]", and files other than "file"),
// a name or content type given in ways that parsers disagree on, bytes outside
// of the parts, no end. At most 256 parts. Cost: linear.
[[nodiscard]] std::expected<std::vector<FormPart>, std::string> parse_multipart(
    std::string_view content_type, std::string_view body);

}  // namespace budget::wire
