// The envelope that every answer of the API travels in.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "admin/api.h"
#include "policy/ledger/ledger.h"

namespace budget::admin {

namespace json = boost::json;

enum class ErrorCode : std::uint8_t {
  invalid_request,
  resource_not_found,
  resource_exists,
  insufficient_budget,
  invalid_allocation,
  authentication_error,
  authorization_error,
  conflict,
  internal_error,
};
[[nodiscard]] std::string_view name_of(ErrorCode code);

// Why a request was not done, as a value. Never holds a secret.
struct Failure {
  ErrorCode code = ErrorCode::invalid_request;
  std::string message;  // a sentence for a person
  json::object details;
  int status = 0;  // 0: the code's usual one
};

struct Page {
  int page = 1;  // from 1
  int limit = 20;
};

// {"status":"success","data":…}
[[nodiscard]] ApiResponse success(json::value data, int status = 200);
// The same with the ETag that a change of the item can ask for in If-Match.
[[nodiscard]] ApiResponse tagged_success(json::object item, const std::string& etag,
                                         int status = 200);
// {"items":[…],"total","page","limit"}
[[nodiscard]] ApiResponse listing(json::array items, std::int64_t total, Page page);
// {"status":"error","error":{"code","message","details"}}
[[nodiscard]] ApiResponse failure(const Failure& failure);

[[nodiscard]] Failure not_found(std::string_view kind, std::string_view id);
// What a store or a file said goes to the client, who runs this proxy; it
// names files, never contents.
[[nodiscard]] Failure store_failed(std::string_view what);
[[nodiscard]] Failure store_failed(ledger::LedgerError error);

// The part of `all` that `page` shows. Cost: linear in the part.
template <class Items>
[[nodiscard]] Items part_of(const Items& all, Page page) {
  const auto skip = static_cast<std::size_t>(page.page - 1) * static_cast<std::size_t>(page.limit);
  Items part;
  for (std::size_t i = skip; i < all.size() && i < skip + static_cast<std::size_t>(page.limit);
       ++i) {
    part.push_back(all[i]);
  }
  return part;
}

}  // namespace budget::admin
