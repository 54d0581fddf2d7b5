// The admin API as the server sees it: requests in, answers out, no sockets.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
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
  bool secure = false;  // it came over TLS

  // "" when it was not sent. `name` in lower case.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }
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

// One watcher of the live feed: what to send, and what becomes of what it says.
// Belongs to the thread that asked for it. Holds no queue of its own, so that a
// watcher that reads slowly costs no memory: it is told how much it missed.
class Watch {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  using Executor = boost::asio::io_context::executor_type;
  // RFC 6455's code and a few words, to close with.
  struct End {
    std::uint16_t code = 1000;
    std::string why;
  };

  virtual ~Watch() = default;
  // The next message, JSON. nullopt: none until it is woken, or due().
  virtual std::optional<std::string> next(Moment now) = 0;
  [[nodiscard]] virtual Moment due() const = 0;
  // A message of the watcher's; answers come by next().
  virtual boost::asio::awaitable<void, Executor> receive(std::string message) = 0;
  // Set once the watch is over; next() may still have a last message.
  [[nodiscard]] virtual std::optional<End> ended() const = 0;
};

// Seam between the server and everything under /api, /health, /ready,
// /metrics and the console. Thread-safe; never blocks the worker it runs on.
class Api {
 public:
  virtual ~Api() = default;
  using Executor = boost::asio::io_context::executor_type;
  virtual boost::asio::awaitable<ApiResponse, Executor> handle(ApiRequest request) = 0;
  // For a request that asks to become a WebSocket: the watch, or why not.
  // `wake` is called when there is something new to send, on any thread, until
  // the watch is gone; it must not block, nor call back.
  virtual boost::asio::awaitable<std::expected<std::unique_ptr<Watch>, ApiResponse>, Executor>
  watch(ApiRequest request, std::function<void()> wake) = 0;
};

// For a request to a path that answers as a WebSocket only.
[[nodiscard]] ApiResponse upgrade_required();

// Whether a path belongs to the admin side rather than to a provider.
[[nodiscard]] bool is_admin_path(std::string_view path);

}  // namespace budget::admin
