// What makes a request one that we and a provider could read differently.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/net/http_parser.h"

namespace budget::net {

// Beast's parser takes some heads that other parsers read in another way.
// Returns why `head` is refused, as a sentence for its sender, or nullopt.
// `raw` is the head's bytes. Rules: RFC 9112 sections 2.2, 3.2, 5.2, 6.1-6.3:
// one Host (none needed in HTTP/1.0), no folded lines, no control characters,
// either Content-Length or Transfer-Encoding, the latter exactly "chunked".
[[nodiscard]] std::optional<std::string> refuse_request_head(const Head& head,
                                                             std::string_view raw);

// The same for a provider's answer.
[[nodiscard]] std::optional<std::string> refuse_response_head(const Head& head,
                                                              std::string_view raw);

// Whether the connection may be used again after this message, by its version
// and Connection field.
[[nodiscard]] bool keeps_alive(const Head& head);

// Whether a comma-separated field value lists `token`, without regard to case.
[[nodiscard]] bool lists_token(std::string_view value, std::string_view token);

// Whether the message's Connection field names the field `name`, which then
// ends at this hop too.
[[nodiscard]] bool named_by_connection(const Head& head, std::string_view name);

// Whether a line in `bytes`, from offset `from` on, ends in LF without CR: some
// readers end the line there, others do not (RFC 9112 section 2.2).
[[nodiscard]] bool has_bare_line_feed(std::string_view bytes, std::size_t from);

// A field that ends at each hop (RFC 9110 section 7.6.1); those that a
// Connection field lists are checked apart.
[[nodiscard]] bool is_hop_by_hop(std::string_view name);

}  // namespace budget::net
