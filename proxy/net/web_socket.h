// A WebSocket (RFC 6455), the server's side.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/net/connection.h"
#include "proxy/net/http_parser.h"

namespace budget::net {

// Whether a request asks to become a WebSocket.
[[nodiscard]] bool asks_for_web_socket(const Head& head);

// Messages of text both ways. One read and one write may be under way at a
// time. Belongs to its worker's thread; keeps the connection alive.
class WebSocket {
 public:
  static constexpr std::size_t message_bytes_max = 64UZ * 1024;

  virtual ~WebSocket() = default;

  // The next whole message of the peer's, whenever it comes. Answers its pings
  // on the way. Errors: closed once the peer has said so, and been answered;
  // malformed when it breaks the protocol, sends binary or too much, and has
  // been told.
  virtual Io<std::string> read() = 0;
  virtual Io<void> write(std::string text) = 0;
  // Asks the peer to show that it is there: its answer moves last_heard().
  virtual Io<void> ping() = 0;
  // Says that it is over, and why (RFC 6455, 7.4; `why` at most 123 bytes), and
  // waits for the peer's answer, which ends a read() that waits; not for long,
  // then the connection is cancelled.
  virtual Io<void> close(std::uint16_t code, std::string why) = 0;
  // When a message or a pong last came in.
  [[nodiscard]] virtual SteadyTime last_heard() const = 0;
};

// Answers the request with the head `head` that asked for it. `early` is what
// the peer has sent behind it. A peer that takes nothing for `write_timeout`
// fails the write. Errors: malformed when the request is not right, which the
// peer has been told; else what writing meets.
Io<std::shared_ptr<WebSocket>> accept_web_socket(std::shared_ptr<Connection> connection,
                                                 const Head& head, std::string early,
                                                 std::chrono::milliseconds write_timeout);

}  // namespace budget::net
