#include "admin/audit.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "admin/routes.h"
#include "policy/rfc3339.h"

namespace budget::admin {
namespace {

constexpr std::size_t item_bytes_max = std::size_t{32} << 10;

json::value data_of(const std::string& body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  if (error || !value.is_object()) return nullptr;
  const auto* data = value.get_object().if_contains("data");
  return data ? *data : json::value(nullptr);
}

// "/api/keys/k1/rotate" is about "keys".
std::string_view resource_of(std::string_view path) {
  constexpr std::string_view api = "/api/";
  if (!path.starts_with(api)) return path;
  path.remove_prefix(api.size());
  return path.substr(0, path.find('/'));
}

json::value fitting(json::value value) {
  const std::size_t size = json::serialize(value).size();
  if (size <= item_bytes_max) return value;
  return json::object{{"omitted_bytes", size}};
}

}  // namespace

bool is_audited(const Route& route) {
  return route.method != "GET" && route.role >= Role::operate && route.path != "/api/usage/record";
}

Awaitable<json::value> item_before(Context& context) {
  std::string path = context.request.path;
  for (int up = 0; up < 2; ++up) {
    const RouteMatch match = match_route(routes(), "GET", path);
    if (match.route && match.route->form == Form::data) {
      ApiRequest request{"GET", path, "", {}, "", context.request.secure};
      Context reading{context.services, request,      context.principal,
                      match.params,     context.view, context.now};
      const ApiResponse read = co_await match.route->handler(reading);
      co_return read.status == 200 ? data_of(read.body) : json::value(nullptr);
    }
    // "/api/keys/k1/rotate" changes "/api/keys/k1".
    path.erase(std::min(path.find_last_of('/'), path.size()));
  }
  co_return nullptr;
}

std::string audit_line(const Context& context, const Route& route, const ApiResponse& response,
                       json::value before) {
  json::value after = route.method == "DELETE" ? json::value(nullptr) : data_of(response.body);
  if (route.secret && after.is_object()) after.get_object().erase("key");
  return json::serialize(json::object{{"timestamp", policy::rfc3339(context.now)},
                                      {"who", context.principal.name},
                                      {"role", name_of(context.principal.role)},
                                      {"by", context.principal.session.empty() ? "key" : "session"},
                                      {"method", context.request.method},
                                      {"path", context.request.path},
                                      {"action", route.summary},
                                      {"resource", resource_of(route.path)},
                                      {"status", response.status},
                                      {"before", fitting(std::move(before))},
                                      {"after", fitting(std::move(after))}});
}

}  // namespace budget::admin
