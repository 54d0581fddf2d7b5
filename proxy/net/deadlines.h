// Deadlines of one worker's connections, kept without a timer for each.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "proxy/net/io.h"

namespace budget::net {

// Setting a deadline is one store. One timer looks at all entries every
// `tick`, so a deadline fires up to one tick late. Not thread-safe: it belongs
// to its worker's thread.
class Deadlines {
 public:
  static constexpr std::chrono::milliseconds tick{50};

  // Something that can run out of time. Unlinks itself when destroyed; must
  // not outlive its Deadlines.
  class Entry {
   public:
    explicit Entry(Deadlines& owner);
    virtual ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    void arm(SteadyTime deadline) { deadline_ = deadline; }
    void disarm() { deadline_ = SteadyTime::max(); }
    // Asks for on_tick() at every tick until `watch(false)`.
    void watch(bool on) { watched_ = on; }

   protected:
    // The deadline has passed; it is disarmed already.
    virtual void on_deadline() = 0;
    virtual void on_tick() {}

   private:
    friend class Deadlines;
    Entry* previous_ = nullptr;
    Entry* next_ = nullptr;
    Deadlines& owner_;
    SteadyTime deadline_ = SteadyTime::max();
    bool watched_ = false;
  };

  explicit Deadlines(boost::asio::io_context& io);
  ~Deadlines();
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  void start();
  void stop();

 private:
  void sweep();

  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer_;
  Entry* first_ = nullptr;
  Entry* cursor_ = nullptr;  // the entry a sweep looks at next
};

}  // namespace budget::net
