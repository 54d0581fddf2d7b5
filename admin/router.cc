#include "admin/router.h"

#include <algorithm>
#include <optional>

namespace budget::admin {
namespace {

using Params = std::vector<std::pair<std::string, std::string>>;

std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

std::optional<Params> params_of(std::string_view pattern, std::string_view path) {
  Params params;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = take_segment(pattern);
    const std::string_view segment = take_segment(path);
    if (!wanted.starts_with('{')) {
      if (wanted != segment) return std::nullopt;
      continue;
    }
    auto value = percent_decoded(segment);
    if (!value || value->empty()) return std::nullopt;
    params.emplace_back(wanted.substr(1, wanted.size() - 2), std::move(*value));
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return params;
}

}  // namespace

RouteMatch match_route(std::span<const Route> routes, std::string_view method,
                       std::string_view path) {
  if (method == "HEAD") method = "GET";
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  RouteMatch best;
  if (!path.starts_with('/')) return best;
  for (const Route& route : routes) {
    auto params = params_of(route.path, path);
    if (!params) continue;
    if (std::find(best.allowed.begin(), best.allowed.end(), route.method) == best.allowed.end()) {
      best.allowed.push_back(route.method);
    }
    if (route.method != method) continue;
    if (best.route && best.params.size() <= params->size()) continue;
    best.route = &route;
    best.params = std::move(*params);
  }
  return best;
}

}  // namespace budget::admin
