#include "admin/answer.h"

#include <boost/json/serialize.hpp>
#include <utility>

#include "admin/utf8.h"

namespace budget::admin {
namespace {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_request:
    case ErrorCode::invalid_allocation:
      return 400;
    case ErrorCode::authentication_error:
      return 401;
    case ErrorCode::authorization_error:
      return 403;
    case ErrorCode::resource_not_found:
      return 404;
    // Not 429: asking again soon does not help, and clients would.
    case ErrorCode::insufficient_budget:
    case ErrorCode::resource_exists:
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::internal_error:
      return 500;
  }
  return 500;
}

ApiResponse answer(const json::value& body, int status) {
  ApiResponse response;
  response.status = status;
  response.body = repaired_utf8(json::serialize(body));
  // Figures are of this moment, and a new key's secret must not be kept.
  response.headers.emplace_back("cache-control", "no-store");
  return response;
}

}  // namespace

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_request:
      return "invalid_request";
    case ErrorCode::resource_not_found:
      return "resource_not_found";
    case ErrorCode::resource_exists:
      return "resource_exists";
    case ErrorCode::insufficient_budget:
      return "insufficient_budget";
    case ErrorCode::invalid_allocation:
      return "invalid_allocation";
    case ErrorCode::authentication_error:
      return "authentication_error";
    case ErrorCode::authorization_error:
      return "authorization_error";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::internal_error:
      return "internal_error";
  }
  return "internal_error";
}

ApiResponse success(json::value data, int status) {
  return answer(json::object{{"status", "success"}, {"data", std::move(data)}}, status);
}

ApiResponse tagged_success(json::object item, const std::string& etag, int status) {
  ApiResponse response = success(std::move(item), status);
  response.headers.emplace_back("etag", etag);
  return response;
}

ApiResponse listing(json::array items, std::int64_t total, Page page) {
  return answer(json::object{{"items", std::move(items)},
                             {"total", total},
                             {"page", page.page},
                             {"limit", page.limit}},
                200);
}

ApiResponse failure(const Failure& failure) {
  const json::object error{
      {"code", name_of(failure.code)}, {"message", failure.message}, {"details", failure.details}};
  return answer(json::object{{"status", "error"}, {"error", error}},
                failure.status ? failure.status : status_of(failure.code));
}

ApiResponse upgrade_required() {
  ApiResponse response =
      failure({ErrorCode::invalid_request, "This path answers as a WebSocket only.", {}, 426});
  response.headers.emplace_back("upgrade", "websocket");
  return response;
}

Failure not_found(std::string_view kind, std::string_view id) {
  return {ErrorCode::resource_not_found,
          "There is no " + std::string(kind) + " '" + std::string(id) + "'.",
          {},
          0};
}

Failure store_failed(std::string_view what) {
  return {ErrorCode::internal_error, "The store did not do it: " + std::string(what), {}, 503};
}

Failure store_failed(ledger::LedgerError error) {
  return store_failed(ledger::name_of(error));
}

}  // namespace budget::admin
