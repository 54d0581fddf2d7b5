// From method and path to a handler.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/context.h"

namespace budget::admin {

// What an answer is in.
enum class Form : std::uint8_t {
  data,   // {"status":"success","data":…}
  list,   // {"items":[…],"total","page","limit"}
  plain,  // JSON without an envelope
  text,   // anything else
};

// One line of the API's table. HEAD is answered as GET.
struct Route {
  std::string_view method;
  std::string_view path;  // "/api/budgets/{id}": {name} is one segment, any text
  Role role;              // the least that may
  Handler handler;
  std::string_view summary;  // a phrase for the API's description
  // Of what else a request may say: the names of the query's or the body's
  // fields, separated by spaces; `*` marks one that is required, and @NAME
  // stands for a group of them (openapi.cc).
  std::string_view fields{};
  Form form = Form::data;
  int status = 200;     // of success
  bool secret = false;  // `key` of what it answers is to be told once and never kept
};

struct RouteMatch {
  const Route* route = nullptr;  // null: nothing there answers this method
  std::vector<std::pair<std::string, std::string>> params;
  std::vector<std::string_view> allowed;  // methods, where the path is known
};

// Matches segment by segment, each decoded on its own, so that an encoded
// slash stays inside its segment; one slash at the end is ignored. Where
// several patterns fit, the one with the fewest parameters wins.
// Cost: linear in the table.
[[nodiscard]] RouteMatch match_route(std::span<const Route> routes, std::string_view method,
                                     std::string_view path);

}  // namespace budget::admin
