// The bytes between us and a Redis: TCP, TLS or a Unix socket.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
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

namespace boost::asio::ssl {
class context;
}

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

using RedisSocket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol,
                                                     boost::asio::io_context::executor_type>;

// What TLS needs to know: made once, shared by all connections. nullptr: plain.
using RedisTls = std::shared_ptr<boost::asio::ssl::context>;
// Reads the files that the address names. The error is one sentence.
[[nodiscard]] std::expected<RedisTls, std::string> make_redis_tls(const RedisAddress& address);

// Connects on the caller's loop. The error is one sentence without secrets.
RedisAwaitable<std::unique_ptr<RedisStream>> open_redis_stream(RedisAddress address, RedisTls tls,
                                                               Deadline deadline);

// Makes TLS of a connected socket, which stays where it is. Ends with an error
// when somebody closes the socket meanwhile.
RedisAwaitable<std::unique_ptr<RedisStream>> secure_redis_stream(
    std::unique_ptr<RedisSocket> socket, RedisTls tls, RedisAddress address);

}  // namespace budget::ledger
