// Request paths: what a route may match.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace budget::wire {

// Whether a path can mean one thing only: begins with '/', no empty segment,
// no "." or ".." (encoded or not), no backslash or control byte (encoded or
// not), no byte above ASCII, and every '%' followed by two hex digits. A route
// must not match others.
// `%2F` is allowed (a model's name may hold one), so compare fixed parts byte
// for byte, still encoded: then "%63hat" is not "chat".
[[nodiscard]] bool is_plain_path(std::string_view path);

// Percent-decodes one path segment. nullopt: empty, a broken escape, or what it
// decodes to holds a control byte, is not UTF-8, or is "." or "..".
[[nodiscard]] std::optional<std::string> decode_segment(std::string_view segment);

// Percent-encodes all but RFC 3986's unreserved characters.
[[nodiscard]] std::string encode_segment(std::string_view text);

// Takes the first segment off `path` ("/a/b" gives "a" and leaves "/b").
// "" when there is none.
[[nodiscard]] std::string_view take_segment(std::string_view& path);

// The value of `name` in a query string, not decoded; nullopt when absent.
[[nodiscard]] std::optional<std::string_view> query_value(std::string_view query,
                                                          std::string_view name);

}  // namespace budget::wire
