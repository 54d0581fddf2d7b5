// The words of everything that waits for bytes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <string_view>

namespace budget::net {

// Every socket and coroutine of a connection lives on one worker's io_context,
// which one thread runs: no strands, and a concrete executor type is
// measurably cheaper than any_io_executor.
using Executor = boost::asio::io_context::executor_type;
template <class T>
using Awaitable = boost::asio::awaitable<T, Executor>;
inline constexpr boost::asio::use_awaitable_t<Executor> use_awaitable;

using SteadyTime = std::chrono::steady_clock::time_point;

enum class IoError : std::uint8_t {
  closed,       // the peer ended its side in order
  reset,        // the connection broke
  timeout,      // our own deadline passed
  cancelled,    // ended from our side: the client went away, or we are stopping
  unresolved,   // no address for the host name
  refused,      // no connection could be made
  tls,          // the handshake failed
  tls_name,     // the peer's certificate is for another name
  tls_trust,    // no authority that we know has signed it
  tls_expired,  // it is over, or not valid yet
  malformed,    // the peer's bytes are not HTTP, or not in one way only
};
[[nodiscard]] std::string_view name_of(IoError error);

template <class T>
using Io = Awaitable<std::expected<T, IoError>>;

}  // namespace budget::net
