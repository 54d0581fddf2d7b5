// Seam: how bytes reach a provider.
#pragma once

#include <memory>

#include "proxy/net/connection.h"

namespace budget::upstream {

// Opens connections to one provider, on one worker. Belongs to its worker's
// thread.
class Connector {
 public:
  virtual ~Connector() = default;
  // Errors: unresolved, refused, tls and its kinds, timeout.
  virtual net::Io<std::unique_ptr<net::Connection>> connect(net::SteadyTime deadline) = 0;
};

}  // namespace budget::upstream
