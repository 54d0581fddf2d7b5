#include "admin/dispatch.h"

#include <exception>
#include <utility>

#include "admin/audit.h"
#include "admin/identify.h"
#include "admin/routes.h"

namespace budget::admin {
namespace {

ApiResponse no_such_method(const RouteMatch& match) {
  std::string allowed;
  for (const std::string_view method : match.allowed) {
    if (!allowed.empty()) allowed += ", ";
    allowed += method;
    if (method == "GET") allowed += ", HEAD";
  }
  ApiResponse response = failure({ErrorCode::invalid_request,
                                  "This method is not for this path; there are " + allowed + ".",
                                  {},
                                  405});
  response.headers.emplace_back("allow", allowed);
  return response;
}

ApiResponse forbidden(const Route& route) {
  return failure({ErrorCode::authorization_error,
                  "This needs the role " + std::string(name_of(route.role)) + ".",
                  {{"role", name_of(route.role)}},
                  0});
}

// The write itself, with its line in the audit log.
Answer audited(Context& context, const Route& route) {
  if (!is_audited(route)) co_return co_await route.handler(context);
  json::value before = co_await item_before(context);
  ApiResponse response = co_await route.handler(context);
  if (response.status >= 300) co_return response;
  auto append = [&state = context.services.state,
                 line = audit_line(context, route, response, std::move(before))] {
    return state.append(audit_log, line, audit_lines_kept);
  };
  const auto appended = co_await run_blocking(context.services.pool, std::move(append));
  // It was done, and saying otherwise would have it done twice.
  if (!appended) response.headers.emplace_back("warning", "199 - \"not in the audit log\"");
  co_return response;
}

Answer perform(Context& context, const Route& route) {
  const std::string key(context.header("idempotency-key"));
  if (key.empty() || route.method != "POST" || route.role < Role::operate) {
    co_return co_await audited(context, route);
  }
  const ApiRequest& request = context.request;
  const RepeatableRequest repeatable{context.principal.name, request.method, request.path, key,
                                     request.query + '\n' + request.body};
  auto begin = [&idempotency = context.services.idempotency, repeatable, now = context.now] {
    return idempotency.begin(repeatable, now);
  };
  if (auto known = co_await run_blocking(context.services.pool, std::move(begin))) {
    co_return std::move(*known);
  }
  ApiResponse response;
  std::exception_ptr thrown;
  try {
    response = co_await audited(context, route);
  } catch (...) {
    thrown = std::current_exception();
    response.status = 500;
  }
  auto end = [&idempotency = context.services.idempotency, repeatable, response,
              secret = route.secret, now = context.now] {
    idempotency.end(repeatable, response, secret, now);
    return true;
  };
  co_await run_blocking(context.services.pool, std::move(end));
  if (thrown) std::rethrow_exception(thrown);
  co_return response;
}

Answer answer(Services& services, const ApiRequest& request) {
  const RouteMatch match = match_route(routes(), request.method, request.path);
  Context context{services, request, {}, match.params, services.view(), services.clock.now()};
  // Whoever shows no key learns nothing of the API, not even what there is.
  if (!match.route || match.route->role != Role::anyone) {
    auto principal = co_await identify(services, request, context.now);
    if (!principal) co_return unidentified(principal.error());
    context.principal = std::move(*principal);
  }
  if (!match.route) {
    if (!match.allowed.empty()) co_return no_such_method(match);
    co_return failure({ErrorCode::resource_not_found, "There is nothing at this path.", {}, 0});
  }
  if (context.principal.role < match.route->role) co_return forbidden(*match.route);
  try {
    co_return co_await perform(context, *match.route);
  } catch (const std::exception& error) {
    // A bug, or no memory: this request fails, and the worker lives on.
    co_return failure({ErrorCode::internal_error, error.what(), {}, 500});
  }
}

// What a handler said of its own answer stands.
void secure(ApiResponse& response) {
  const auto put = [&response](std::string_view name, std::string_view value) {
    for (const auto& [key, existing] : response.headers) {
      if (key == name) return;
    }
    response.headers.emplace_back(name, value);
  };
  put("x-content-type-options", "nosniff");
  put("referrer-policy", "no-referrer");
  put("x-frame-options", "DENY");
  put("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  put("cache-control", "no-store");
}

}  // namespace

Answer dispatch(Services& services, ApiRequest request) {
  ApiResponse response = co_await answer(services, request);
  secure(response);
  co_return response;
}

}  // namespace budget::admin
