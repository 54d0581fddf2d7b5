// Any bytes, split anywhere: the same heads are taken and refused, a head that
// is taken says what its lines say, and the body is the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "proxy/net/http_parser.h"
#include "proxy/net/http_rules.h"

namespace {

using namespace budget::net;

constexpr std::size_t head_max = 256;

void require(bool condition) {
  if (!condition) std::abort();
}

enum class End : std::uint8_t { waits, refused, broken_body, done };

struct Verdict {
  End end = End::waits;
  std::string head;  // its bytes, when it was taken
  std::string body;
  std::size_t used = 0;
};

using Lines = std::vector<std::pair<std::string_view, std::string_view>>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// The head's lines behind the first, as the plainest of readers takes them.
Lines plainly_read(std::string_view raw) {
  Lines lines;
  std::size_t at = raw.find("\r\n") + 2;
  for (std::size_t end = raw.find("\r\n", at); end > at; end = raw.find("\r\n", at)) {
    const std::string_view line = raw.substr(at, end - at);
    const std::size_t colon = line.find(':');
    require(colon != std::string_view::npos && colon > 0);
    lines.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    at = end + 2;
  }
  require(at + 2 == raw.size());
  return lines;
}

// What is passed on must mean the same to everybody.
void require_one_meaning(const Head& head, std::string_view raw, bool is_request) {
  require(!has_bare_line_feed(raw, 0) && raw.find('\0') == std::string_view::npos);
  require(raw.size() <= head_max);
  const Lines lines = plainly_read(raw);
  require(lines.size() == head.fields.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Field& field = head.fields[i];
    require(field.name == lines[i].first && field.value == lines[i].second);
    require(field.name.find_first_of(" \t\r\n") == std::string_view::npos);
    require(field.value.find_first_of("\r\n") == std::string_view::npos);
  }
  const std::string_view start = raw.substr(0, raw.find("\r\n"));
  if (is_request) {
    require(start == std::string(head.method) + " " + std::string(head.target) + " HTTP/1." +
                         (head.version == 10 ? "0" : "1"));
    require(head.target.starts_with('/'));
  } else {
    require(head.status >= 0 && head.status <= 999);
  }
  require(!(head.chunked && head.content_length));
  require(head.chunked == equal_ignoring_case(head.field("transfer-encoding"), "chunked"));
  require(head.content_length.has_value() == head.has("content-length"));
  (void)keeps_alive(head);
  (void)named_by_connection(head, "x");
}

// Reads `text` as it would arrive in pieces of `size` bytes.
template <class Parser>
Verdict read(std::string_view text, std::size_t size) {
  constexpr bool is_request = std::is_same_v<Parser, RequestParser>;
  Head head;
  Parser parser(head, head_max);
  Verdict verdict;
  bool taken = false;
  std::size_t arrived = 0;
  std::size_t checked = 0;
  while (true) {
    // A buffer of its own, so that reading behind its end is noticed.
    const std::vector<char> buffer(text.begin() + static_cast<std::ptrdiff_t>(verdict.used),
                                   text.begin() + static_cast<std::ptrdiff_t>(arrived));
    const std::string_view unread(buffer.data(), buffer.size());
    const auto step = parser.feed(unread);
    require(step.used <= unread.size());
    verdict.used += step.used;
    for (const std::string_view piece : parser.pieces()) verdict.body += piece;
    if (step.error && *step.error != ParseError::need_more) {
      verdict.end = taken ? End::broken_body : End::refused;
      return verdict;
    }
    if (!taken && parser.head_done()) {
      const std::string_view raw = unread.substr(0, step.used);
      if (is_request ? refuse_request_head(head, raw) : refuse_response_head(head, raw)) {
        verdict.end = End::refused;
        return verdict;
      }
      require_one_meaning(head, raw, is_request);
      taken = true;
      verdict.head = raw;
    } else if (!taken && has_bare_line_feed(unread, checked)) {
      verdict.end = End::refused;
      return verdict;
    }
    checked = unread.size();
    if (parser.done()) {
      verdict.end = End::done;
      return verdict;
    }
    if (step.used > 0) continue;
    if (arrived == text.size()) return verdict;
    arrived = std::min(text.size(), arrived + size);
  }
}

template <class Parser>
void compare(std::string_view text, std::size_t size) {
  const Verdict whole = read<Parser>(text, text.size() + 1);
  for (const std::size_t piece : {size, std::size_t{1}}) {
    const Verdict split = read<Parser>(text, piece);
    require(split.end == whole.end);
    if (whole.end == End::refused) continue;
    require(split.head == whole.head);
    if (whole.end == End::broken_body) continue;
    require(split.body == whole.body && split.used == whole.used);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = 1 + data[0] / 2U;
  if ((data[0] & 1U) == 0) {
    compare<RequestParser>(text, piece);
  } else {
    compare<ResponseParser>(text, piece);
  }
  return 0;
}
