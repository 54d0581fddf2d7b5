#include "proxy/upstream/pool.h"

#include <algorithm>
#include <utility>

namespace budget::upstream {

net::Io<Lease> Pool::acquire(net::SteadyTime deadline) {
  while (!idle_.empty()) {
    std::unique_ptr<net::Connection> connection = std::move(idle_.back().connection);
    const bool fresh = std::chrono::steady_clock::now() - idle_.back().since < idle_for;
    idle_.pop_back();
    if (fresh && connection->idle_and_open()) co_return Lease{std::move(connection), true};
  }
  auto connection = co_await connector_->connect(deadline);
  if (!connection) co_return std::unexpected(connection.error());
  co_return Lease{std::move(*connection), false};
}

void Pool::give_back(std::unique_ptr<net::Connection> connection) {
  trim();
  if (idle_max_ == 0) return;
  if (idle_.size() == idle_max_) idle_.erase(idle_.begin());
  idle_.push_back({std::move(connection), std::chrono::steady_clock::now()});
}

void Pool::trim() {
  const net::SteadyTime now = std::chrono::steady_clock::now();
  const auto first_fresh = std::find_if(
      idle_.begin(), idle_.end(), [now](const Idle& idle) { return now - idle.since < idle_for; });
  idle_.erase(idle_.begin(), first_fresh);
}

}  // namespace budget::upstream
