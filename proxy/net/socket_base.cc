#include "proxy/net/socket_base.h"

#include <poll.h>

#include <boost/asio/error.hpp>
#include <utility>

namespace budget::net {

std::string_view name_of(IoError error) {
  switch (error) {
    case IoError::closed:
      return "closed";
    case IoError::reset:
      return "reset";
    case IoError::timeout:
      return "timeout";
    case IoError::cancelled:
      return "cancelled";
    case IoError::unresolved:
      return "unresolved";
    case IoError::refused:
      return "refused";
    case IoError::tls:
      return "tls";
    case IoError::tls_name:
      return "tls_name";
    case IoError::tls_trust:
      return "tls_trust";
    case IoError::tls_expired:
      return "tls_expired";
    case IoError::malformed:
      return "malformed";
  }
  return "";
}

void SocketBase::cancel() {
  cancelled_ = true;
  boost::system::error_code ignored;
  socket().cancel(ignored);
}

void SocketBase::on_deadline() {
  timed_out_ = true;
  boost::system::error_code ignored;
  socket().cancel(ignored);
}

IoError SocketBase::io_error(const boost::system::error_code& error) const {
  if (cancelled_) return IoError::cancelled;
  if (timed_out_) return IoError::timeout;
  return error == boost::asio::error::eof ? IoError::closed : IoError::reset;
}

SocketBase::SocketBase(Deadlines& deadlines)
    : Entry(deadlines), watch_(std::make_shared<Watch>(Watch{this, false})) {}

SocketBase::~SocketBase() {
  watch_->owner = nullptr;
}

void SocketBase::watch_hang_up(std::function<void()> on_hang_up) {
  on_hang_up_ = std::move(on_hang_up);
  // Nearly every call ends before the next tick, and then a wait, which costs
  // a system call, is never needed.
  polls_ = false;
  watch(true);
}

void SocketBase::stop_watching() {
  // A wait that is pending stays so: cancelling costs more than letting the
  // next bytes complete it for nothing.
  watch(false);
  on_hang_up_ = nullptr;
}

void SocketBase::arm_watch() {
  if (watch_->waiting || cancelled_) return;
  watch_->waiting = true;
  socket().async_wait(TcpSocket::wait_read, [watch = watch_](boost::system::error_code error) {
    watch->waiting = false;
    if (!error && watch->owner) watch->owner->on_readable();
  });
}

void SocketBase::on_readable() {
  if (!on_hang_up_) return;
  // Bytes of a next request, or TLS's own, hide the end behind them: from here
  // on look at every tick instead of at every wake-up.
  if (hung_up()) {
    report_hang_up();
  } else {
    polls_ = true;
    watch(true);
  }
}

void SocketBase::on_tick() {
  if (!on_hang_up_) return;
  if (!polls_) {
    watch(false);
    arm_watch();
  } else if (hung_up()) {
    report_hang_up();
  }
}

bool SocketBase::hung_up() const {
  pollfd state{const_cast<SocketBase*>(this)->socket().native_handle(), POLLRDHUP, 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void SocketBase::report_hang_up() {
  watch(false);
  if (auto call = std::exchange(on_hang_up_, nullptr)) call();
}

}  // namespace budget::net
