// The simulated provider as a connection: requests go in, answers come out,
// and everything before and behind it is the same as for a real provider.
#pragma once

#include "proxy/simulated/simulator.h"
#include "proxy/upstream/connector.h"

namespace budget::upstream {

class SimulatedConnector final : public Connector {
 public:
  SimulatedConnector(boost::asio::io_context& io, simulated::Steering defaults)
      : io_(io), defaults_(defaults) {}

  net::Io<std::unique_ptr<net::Connection>> connect(net::SteadyTime deadline) override;

 private:
  boost::asio::io_context& io_;
  simulated::Steering defaults_;
};

}  // namespace budget::upstream
