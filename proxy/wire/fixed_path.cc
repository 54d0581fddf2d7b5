#include "proxy/wire/fixed_path.h"

#include <algorithm>

namespace budget::wire {

std::optional<Route> fixed_route(const Format& format, std::span<const FixedPath> rows,
                                 std::string_view method, std::string_view path) {
  if (method != "POST") return std::nullopt;
  const auto row = std::ranges::find(rows, path, &FixedPath::path);
  if (row == rows.end()) return std::nullopt;
  Route route;
  route.format = &format;
  route.operation = row->operation;
  route.billing = row->billing;
  route.variant = row->variant;
  return route;
}

}  // namespace budget::wire
