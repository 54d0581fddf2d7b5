#include "admin/identify.h"

#include <optional>
#include <string>
#include <utility>

namespace budget::admin {
namespace {

Failure refused(ErrorCode code, std::string message) {
  return {code, std::move(message), {}, 0};
}

}  // namespace

Awaitable<std::expected<Principal, Failure>> identify(Services& services, const ApiRequest& request,
                                                      policy::Time now) {
  std::string cookie = session_cookie(request);
  if (cookie.empty() || !presented_key(request).empty()) {
    co_return services.auth.identify(presented_key(request), now);
  }
  auto find = [&sessions = services.sessions, cookie = std::move(cookie), now] {
    return sessions.find(cookie, now);
  };
  const auto found = co_await run_blocking(services.pool, std::move(find));
  if (!found) co_return std::unexpected(store_failed("sessions cannot be looked up"));
  std::optional<Principal> principal;
  if (*found) principal = services.auth.of_session(**found);
  if (!principal) {
    co_return std::unexpected(
        refused(ErrorCode::authentication_error, "The session has ended. Log in again."));
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const std::string_view shown = request.header("x-csrf-token");
  if (!reads && !equal_in_constant_time(digest_of(shown), digest_of((*found)->csrf_token))) {
    co_return std::unexpected(
        refused(ErrorCode::authorization_error,
                "A change by a session needs its CSRF token in X-CSRF-Token; GET /api/session "
                "tells it."));
  }
  co_return *principal;
}

}  // namespace budget::admin
