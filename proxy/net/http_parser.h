// HTTP/1.1 messages as they arrive, without copying them.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace budget::net {

struct Field {
  std::string_view name;
  std::string_view value;
};

// A message's head. Every view points into the buffer the head was parsed
// from, which must not move while they are used.
struct Head {
  // Request.
  std::string_view method;
  std::string_view target;
  // Response.
  int status = 0;
  std::string_view reason;

  int version = 11;  // 10 or 11
  std::vector<Field> fields;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;

  // The first field of that name, compared without regard to case; "" when
  // there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  void clear();
};

[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

enum class ParseError : std::uint8_t {
  need_more,  // not an error: feed on
  head_too_large,
  malformed,  // not HTTP/1.x, or not in one way only
  truncated,  // ended inside the message
};

// Beast's parser with its events kept as views. Feed it the buffer's unread
// bytes again and again; it says how many it has used. A message is a head,
// then pieces of body, then (when chunked) trailers.
template <bool is_request>
class HttpParser final : public boost::beast::http::basic_parser<is_request> {
 public:
  HttpParser(Head& head, std::size_t head_bytes_max);

  struct Step {
    std::size_t used = 0;  // bytes consumed
    std::optional<ParseError> error;
  };
  // Parses what it can of `bytes`; body data is appended to pieces() as views
  // into `bytes`. A head is parsed once it is whole, so that its views are all
  // into one buffer; until then nothing is used. Stops behind the head, so that
  // it can be looked at before the body is parsed by the next call.
  Step feed(std::string_view bytes);
  // The connection has ended: fine where the body's end is the connection's.
  std::optional<ParseError> feed_end();

  [[nodiscard]] bool head_done() const { return this->is_header_done(); }
  [[nodiscard]] bool done() const { return this->is_done(); }
  // Body data of the last feed().
  [[nodiscard]] const std::vector<std::string_view>& pieces() const { return pieces_; }
  // Response only: the request was a HEAD, so there is no body.
  void expect_no_body() { this->skip(true); }

 private:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb method, string_view method_name, string_view target,
                       int version, error_code& error) override;
  void on_response_impl(int status, string_view reason, int version, error_code& error) override;
  void on_field_impl(boost::beast::http::field name, string_view name_text, string_view value,
                     error_code& error) override;
  void on_header_impl(error_code& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& error) override;
  std::size_t on_body_impl(string_view body, error_code& error) override;
  void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, string_view body,
                                 error_code& error) override;
  void on_finish_impl(error_code& error) override;

  Head& head_;
  std::size_t head_bytes_max_;
  std::size_t searched_ = 0;    // bytes that hold no end of the head
  bool in_chunk_head_ = false;  // and it was not whole
  std::vector<std::string_view> pieces_;
  bool in_trailers_ = false;
};

extern template class HttpParser<true>;
extern template class HttpParser<false>;
using RequestParser = HttpParser<true>;
using ResponseParser = HttpParser<false>;

}  // namespace budget::net
