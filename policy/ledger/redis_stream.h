// The bytes between us and a Redis: TCP or a Unix socket.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "policy/ledger/redis_address.h"

namespace budget::ledger {

using Deadline = std::chrono::steady_clock::time_point;

// One open connection. Belongs to its loop's thread. At most one read and one
// write at a time; handlers run on the loop, after the call has returned, also
// when the stream is closed or gone.
class RedisStream {
 public:
  using Done = std::function<void(boost::system::error_code, std::size_t)>;
  virtual ~RedisStream() = default;

  // `into` and `bytes` must stay until `done` is called.
  virtual void read_some(std::span<char> into, Done done) = 0;
  virtual void write(std::string_view bytes, Done done) = 0;
  virtual void close() = 0;
  // Whether the peer has hung up, or has spoken though nothing was asked. For
  // an idle stream; costs one system call.
  [[nodiscard]] virtual bool stale() = 0;
};

template <class T>
using RedisAwaitable =
    boost::asio::awaitable<std::expected<T, std::string>, boost::asio::io_context::executor_type>;

// Connects on the caller's loop. The error is one sentence without secrets.
RedisAwaitable<std::unique_ptr<RedisStream>> open_redis_stream(RedisAddress address,
                                                               Deadline deadline);

}  // namespace budget::ledger
