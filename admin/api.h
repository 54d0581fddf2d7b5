// The admin API as the server sees it: requests in, answers out, no sockets.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace budget::admin {

struct ApiRequest {
  std::string method;
  std::string path;   // as received: an id may hold an encoded slash
  std::string query;  // as received
  std::vector<std::pair<std::string, std::string>> headers;  // names lower-case
  std::string body;
  bool secure = false;  // it came over TLS
};

struct ApiResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Seam between the server and everything under /api, /health, /ready,
// /metrics and the console. Thread-safe; never blocks the worker it runs on.
class Api {
 public:
  virtual ~Api() = default;
  using Executor = boost::asio::io_context::executor_type;
  virtual boost::asio::awaitable<ApiResponse, Executor> handle(ApiRequest request) = 0;
};

// Whether a path belongs to the admin side rather than to a provider.
[[nodiscard]] bool is_admin_path(std::string_view path);

}  // namespace budget::admin
