// The admin API as the server sees it: requests in, answers out, no sockets.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
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
};

// Makes a body while it is sent: the next piece, which is not empty, or nullopt
// when it is whole. Asked for a piece once the one before has been taken, so
// that a slow reader holds it up; dropped, between two pieces, with a reader
// that has gone.
using BodySource = std::function<
    boost::asio::awaitable<std::optional<std::string>, boost::asio::io_context::executor_type>()>;

struct ApiResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  BodySource source{};  // set: it makes the body, and `body` is empty
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
