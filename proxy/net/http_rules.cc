#include "proxy/net/http_rules.h"

#include <algorithm>
#include <array>

namespace budget::net {
namespace {

std::size_t count_fields(const Head& head, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(head.fields.begin(), head.fields.end(),
                    [name](const Field& f) { return equal_ignoring_case(f.name, name); }));
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::string> refuse_framing(const Head& head, std::string_view raw) {
  if (raw.find("\r\n ") != std::string_view::npos || raw.find("\r\n\t") != std::string_view::npos) {
    return "A header line is folded over several lines; send it on one.";
  }
  if (raw.find('\0') != std::string_view::npos) return "A header holds a NUL byte.";
  const std::size_t lengths = count_fields(head, "content-length");
  const std::size_t encodings = count_fields(head, "transfer-encoding");
  if (lengths > 1) return "Content-Length is given more than once.";
  if (lengths == 1 && !all_digits(head.field("content-length"))) {
    return "Content-Length is not one decimal number.";
  }
  if (encodings > 1) return "Transfer-Encoding is given more than once.";
  if (encodings == 1 && !equal_ignoring_case(head.field("transfer-encoding"), "chunked")) {
    return "Transfer-Encoding must be exactly 'chunked'.";
  }
  if (lengths + encodings > 1) return "Both Content-Length and Transfer-Encoding are given.";
  if (encodings == 1 && head.version < 11) return "Transfer-Encoding needs HTTP/1.1.";
  return std::nullopt;
}

bool plain_target(std::string_view target) {
  return std::all_of(target.begin(), target.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7f;
  });
}

}  // namespace

std::optional<std::string> refuse_request_head(const Head& head, std::string_view raw) {
  if (auto why = refuse_framing(head, raw)) return why;
  const std::size_t hosts = count_fields(head, "host");
  if (hosts > 1) return "Host is given more than once.";
  if (hosts == 0 && head.version >= 11) return "The Host header is missing.";
  if (head.target.empty() || head.target.front() != '/' || !plain_target(head.target)) {
    return "The request target must be an absolute path of printable characters.";
  }
  if (head.target.find('#') != std::string_view::npos) {
    return "The request target holds a '#'.";
  }
  return std::nullopt;
}

std::optional<std::string> refuse_response_head(const Head& head, std::string_view raw) {
  return refuse_framing(head, raw);
}

bool lists_token(std::string_view value, std::string_view token) {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    std::string_view part = value.substr(0, comma);
    while (!part.empty() && (part.front() == ' ' || part.front() == '\t')) part.remove_prefix(1);
    while (!part.empty() && (part.back() == ' ' || part.back() == '\t')) part.remove_suffix(1);
    if (equal_ignoring_case(part, token)) return true;
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  return false;
}

bool named_by_connection(const Head& head, std::string_view name) {
  return std::any_of(head.fields.begin(), head.fields.end(), [name](const Field& f) {
    return equal_ignoring_case(f.name, "connection") && lists_token(f.value, name);
  });
}

bool keeps_alive(const Head& head) {
  return head.version >= 11 ? !named_by_connection(head, "close")
                            : named_by_connection(head, "keep-alive");
}

bool has_bare_line_feed(std::string_view bytes, std::size_t from) {
  for (std::size_t at = bytes.find('\n', from); at != std::string_view::npos;
       at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') return true;
  }
  return false;
}

bool is_hop_by_hop(std::string_view name) {
  static constexpr std::array<std::string_view, 8> names{
      "connection",          "keep-alive", "proxy-connection",  "proxy-authenticate",
      "proxy-authorization", "te",         "transfer-encoding", "upgrade"};
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view n) { return equal_ignoring_case(n, name); });
}

}  // namespace budget::net
