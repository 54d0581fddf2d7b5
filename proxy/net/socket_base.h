// What plain and TLS connections share: deadlines, cancelling, hang-up watch.
#pragma once

#include <functional>

#include "proxy/net/connection.h"

namespace budget::net {

// Owns the state around a TCP socket that its derived class owns.
class SocketBase : public Connection, protected Deadlines::Entry {
 public:
  void cancel() override;
  void watch_hang_up(std::function<void()> on_hang_up) override;
  void stop_watching() override;
  ~SocketBase() override;

 protected:
  explicit SocketBase(Deadlines& deadlines);

  virtual TcpSocket& socket() = 0;
  [[nodiscard]] const TcpSocket& socket() const { return const_cast<SocketBase*>(this)->socket(); }

  // One read or write under way: it holds the deadline from its making to its
  // end. A read and a write at once share the later one's.
  class Operation {
   public:
    Operation(SocketBase& socket, SteadyTime deadline) : socket_(socket) {
      // What timed out is over; the next operation has a time of its own.
      if (socket_.pending_++ == 0) socket_.timed_out_ = false;
      socket_.arm(deadline);
    }
    ~Operation() {
      if (--socket_.pending_ == 0) socket_.disarm();
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

   private:
    SocketBase& socket_;
  };

  // What an operation's error code means here.
  [[nodiscard]] IoError io_error(const boost::system::error_code& error) const;
  [[nodiscard]] bool cancelled() const { return cancelled_; }
  [[nodiscard]] bool timed_out() const { return timed_out_; }

 private:
  void on_deadline() override;
  void on_tick() override;
  void arm_watch();
  void on_readable();
  [[nodiscard]] bool hung_up() const;
  void report_hang_up();

  // Shared with the pending wait, whose handler may run after this object is
  // gone.
  struct Watch {
    SocketBase* owner;
    bool waiting;
  };

  std::function<void()> on_hang_up_;
  std::shared_ptr<Watch> watch_;
  bool polls_ = false;  // a wait would not tell: look at every tick
  int pending_ = 0;
  bool cancelled_ = false;
  bool timed_out_ = false;
};

}  // namespace budget::net
