// Keep-alive connections to one provider, on one worker.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "proxy/upstream/connector.h"

namespace budget::upstream {

// A connection, and whether it has served a call before.
struct Lease {
  std::unique_ptr<net::Connection> connection;
  bool reused = false;
};

// Last in, first out, so that a busy pool stays small and warm. Belongs to its
// worker's thread.
class Pool {
 public:
  // Providers close idle connections after about a minute; we do before.
  static constexpr std::chrono::seconds idle_for{30};

  Pool(std::unique_ptr<Connector> connector, std::size_t idle_max)
      : connector_(std::move(connector)), idle_max_(idle_max) {}

  // An idle connection that is still open and silent, or a new one.
  net::Io<Lease> acquire(net::SteadyTime deadline);
  // A connection whose last answer was read to its end.
  void give_back(std::unique_ptr<net::Connection> connection);
  // Closes what has idled too long; giving a connection back does so too.
  void trim();

 private:
  struct Idle {
    std::unique_ptr<net::Connection> connection;
    net::SteadyTime since;
  };

  std::unique_ptr<Connector> connector_;
  std::size_t idle_max_;
  std::vector<Idle> idle_;  // oldest first
};

}  // namespace budget::upstream
