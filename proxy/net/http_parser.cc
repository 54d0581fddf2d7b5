#include "proxy/net/http_parser.h"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <limits>

namespace budget::net {

namespace http = boost::beast::http;

namespace {

constexpr std::string_view head_end = "\r\n\r\n";

// The last chunk without its trailers, the shortest there is: "0\r\n\r\n".
constexpr std::size_t chunk_bytes_min = 5;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view Head::field(std::string_view name) const {
  for (const Field& field : fields) {
    if (equal_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

bool Head::has(std::string_view name) const {
  return std::any_of(fields.begin(), fields.end(),
                     [name](const Field& f) { return equal_ignoring_case(f.name, name); });
}

void Head::clear() {
  fields.clear();
  method = target = reason = {};
  status = 0;
  version = 11;
  content_length.reset();
  chunked = false;
}

template <bool is_request>
HttpParser<is_request>::HttpParser(Head& head, std::size_t head_bytes_max)
    : head_(head), head_bytes_max_(head_bytes_max) {
  head.clear();
  this->header_limit(static_cast<std::uint32_t>(
      std::min<std::size_t>(head_bytes_max, std::numeric_limits<std::uint32_t>::max())));
  // Body sizes are bounded by whoever reads the pieces.
  this->body_limit(boost::none);
}

template <bool is_request>
auto HttpParser<is_request>::feed(std::string_view bytes) -> Step {
  pieces_.clear();
  Step step;
  const bool in_head = !head_done();
  if (in_head) {
    // Beast's own limit is not exact, and would depend on how the head is split.
    const std::size_t end = bytes.find(head_end, searched_);
    const std::size_t known =
        end == std::string_view::npos ? bytes.size() + 1 : end + head_end.size();
    if (known > head_bytes_max_) {
      step.error = ParseError::head_too_large;
      return step;
    }
    if (end == std::string_view::npos) {
      searched_ = bytes.size() < 3 ? 0 : bytes.size() - 3;
      step.error = ParseError::need_more;
      return step;
    }
  }
  // Beast asserts that a last chunk it has seen the first line of has grown to
  // its shortest length when it is put in again.
  if (in_chunk_head_ && bytes.size() < chunk_bytes_min && bytes.starts_with('0') &&
      bytes.find("\r\n") != std::string_view::npos) {
    step.error = ParseError::need_more;
    return step;
  }
  in_chunk_head_ = false;
  while (step.used < bytes.size() && !this->is_done()) {
    if (in_head && head_done()) break;
    error_code error;
    const std::size_t used = this->put(
        boost::asio::const_buffer(bytes.data() + step.used, bytes.size() - step.used), error);
    step.used += used;
    if (!error && used > 0) continue;
    if (!error) break;
    // A head is put in once its end is there: wanting more of it, as Beast does
    // for a start line too short for a version, means that it is no head.
    if (error == http::error::need_more && !in_head) {
      step.error = ParseError::need_more;
      in_chunk_head_ = head_.chunked;
    } else {
      step.error =
          error == http::error::header_limit ? ParseError::head_too_large : ParseError::malformed;
    }
    break;
  }
  return step;
}

template <bool is_request>
std::optional<ParseError> HttpParser<is_request>::feed_end() {
  pieces_.clear();
  error_code error;
  this->put_eof(error);
  if (!error) return std::nullopt;
  return ParseError::truncated;
}

template <bool is_request>
void HttpParser<is_request>::on_request_impl(http::verb, string_view method_name,
                                             string_view target, int version, error_code& error) {
  head_.method = {method_name.data(), method_name.size()};
  head_.target = {target.data(), target.size()};
  head_.version = version;
  error = {};
}

template <bool is_request>
void HttpParser<is_request>::on_response_impl(int status, string_view reason, int version,
                                              error_code& error) {
  head_.status = status;
  head_.reason = {reason.data(), reason.size()};
  head_.version = version;
  error = {};
}

template <bool is_request>
void HttpParser<is_request>::on_field_impl(http::field, string_view name_text, string_view value,
                                           error_code& error) {
  error = {};
  if (in_trailers_) return;
  head_.fields.push_back({{name_text.data(), name_text.size()}, {value.data(), value.size()}});
}

template <bool is_request>
void HttpParser<is_request>::on_header_impl(error_code& error) {
  error = {};
  in_trailers_ = true;
  head_.chunked = this->chunked();
  if (const auto length = this->content_length()) head_.content_length = *length;
}

template <bool is_request>
void HttpParser<is_request>::on_body_init_impl(const boost::optional<std::uint64_t>&,
                                               error_code& error) {
  error = {};
}

template <bool is_request>
std::size_t HttpParser<is_request>::on_body_impl(string_view body, error_code& error) {
  error = {};
  if (!body.empty()) pieces_.emplace_back(body.data(), body.size());
  return body.size();
}

template <bool is_request>
void HttpParser<is_request>::on_chunk_header_impl(std::uint64_t, string_view, error_code& error) {
  error = {};
}

template <bool is_request>
std::size_t HttpParser<is_request>::on_chunk_body_impl(std::uint64_t, string_view body,
                                                       error_code& error) {
  error = {};
  if (!body.empty()) pieces_.emplace_back(body.data(), body.size());
  return body.size();
}

template <bool is_request>
void HttpParser<is_request>::on_finish_impl(error_code& error) {
  error = {};
}

template class HttpParser<true>;
template class HttpParser<false>;

}  // namespace budget::net
