// Asking the API: requests made of options, answers read, failures explained.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "admin/cli/command.h"

namespace budget::cli {

template <class T>
using Asked = std::expected<T, Failed>;

// The answer's JSON, `data` out of its envelope. Failed with the API's own
// words where it refuses.
[[nodiscard]] Asked<json::value> ask(Client& client, std::string_view method,
                                     std::string_view target, std::string_view body = "");

struct Listed {
  json::array items;
  std::int64_t total = 0;  // that there are
};
// The first `most` items of a list, page by page. `target` may have a query.
[[nodiscard]] Asked<Listed> ask_list(Client& client, const std::string& target, std::int64_t most);
// The option --limit, or `otherwise`. Failed when it is no whole number.
[[nodiscard]] Asked<std::int64_t> limit_of(const Invocation& invocation, std::int64_t otherwise);

// "?a=b&c=d" of the options that are fields of the request as they are; "" of
// none.
[[nodiscard]] std::string query_of(const Command& command, const Invocation& invocation);
// The same as a JSON object; whole numbers where the placeholder is N, lists
// where it is LIST, an object where it is K=V,….
[[nodiscard]] Asked<json::object> body_of(const Command& command, const Invocation& invocation);
[[nodiscard]] const Command& command_of(std::string_view path);

[[nodiscard]] std::string percent_encoded(std::string_view text);
// A time as the API takes it: as said, or for "24h", "7d", "90m", "2w" so long
// before now (after, where `ahead`).
[[nodiscard]] Asked<std::string> time_of(const std::string& text, bool ahead);

// Of an object in an answer; "" and 0 where it has no such field.
[[nodiscard]] std::string text_in(const json::object& object, std::string_view name);
[[nodiscard]] std::int64_t number_in(const json::object& object, std::string_view name);
// "1234567" as "1,234,567".
[[nodiscard]] std::string grouped(std::int64_t number);
// "12.500000000" as "$12.50", no digit lost; "" stays "".
[[nodiscard]] std::string dollars(const std::string& decimal);
// "2026-11-24T13:05:09Z" as "2026-11-24 13:05".
[[nodiscard]] std::string short_time(const std::string& rfc3339);
// JSON for scripts, indented, with a newline at its end.
[[nodiscard]] std::string pretty(const json::value& value);

// A table of a list, and a line about what is not in it.
[[nodiscard]] std::string list_text(const Table& table, const Listed& listed,
                                    const Invocation& invocation);
[[nodiscard]] json::object list_json(const Listed& listed);

}  // namespace budget::cli
