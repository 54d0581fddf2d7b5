// One connection, whatever carries it: TCP, TLS, or the simulated provider.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "proxy/net/deadlines.h"
#include "proxy/net/io.h"

namespace budget::net {

using TcpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

// A byte stream both ways. One virtual call for a piece of I/O keeps Asio's
// and OpenSSL's templates in two source files. One read and one write may be
// under way at a time. Belongs to its worker's thread.
class Connection {
 public:
  virtual ~Connection() = default;

  // Reads what is there, at least one byte. Errors: closed at the peer's
  // orderly end, reset, timeout (the next operation may still succeed: a
  // client that was too slow can be told so), cancelled.
  virtual Io<std::size_t> read_some(boost::asio::mutable_buffer buffer, SteadyTime deadline) = 0;

  // Writes all of `buffers`, at most four, in one gathered write where the
  // carrier can. They must stay valid until it returns.
  virtual Io<void> write(std::span<const boost::asio::const_buffer> buffers,
                         SteadyTime deadline) = 0;

  // Ends our side in order: the peer still can send.
  virtual Io<void> shutdown_write(SteadyTime deadline) = 0;

  // Makes a pending operation return `cancelled`, and every later one too.
  // The descriptor goes with the object.
  virtual void cancel() = 0;

  // Calls `on_hang_up` once, from the worker's loop, when the peer has closed
  // or reset while we were not reading, up to two ticks of Deadlines later.
  // Bytes that arrive meanwhile stay.
  virtual void watch_hang_up(std::function<void()> on_hang_up) = 0;
  virtual void stop_watching() = 0;

  // For a pooled connection: whether it is still open and silent.
  [[nodiscard]] virtual bool idle_and_open() const = 0;
};

// A connected plain socket.
std::unique_ptr<Connection> plain_connection(TcpSocket socket, Deadlines& deadlines);

// The server's side of TLS over a connected socket: handshakes first.
// Errors: tls, timeout, reset. `context` must outlive the connection.
Io<std::unique_ptr<Connection>> accept_tls(TcpSocket socket, boost::asio::ssl::context& context,
                                           Deadlines& deadlines, SteadyTime deadline);

// The client's side: sends `server_name` as SNI and, where `verify` is set,
// checks the certificate against it. Errors: tls and its kinds, timeout, reset.
Io<std::unique_ptr<Connection>> connect_tls(TcpSocket socket, boost::asio::ssl::context& context,
                                            std::string server_name, bool verify,
                                            Deadlines& deadlines, SteadyTime deadline);

}  // namespace budget::net
