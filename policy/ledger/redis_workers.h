// Each loop's own connections.
#pragma once

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <vector>

#include "policy/ledger/redis_connection.h"

namespace budget::ledger {

struct RedisLife {};

// A service of an io_context, so that connections end with their loop and no
// two loops share one. Used by the loop's thread only.
class RedisWorkers final : public boost::asio::execution_context::service {
 public:
  using key_type = RedisWorkers;
  inline static boost::asio::execution_context::id id;

  explicit RedisWorkers(boost::asio::execution_context& context)
      : service(context), context_(static_cast<boost::asio::io_context&>(context)) {}

  // The loop's connection of that ledger, made if there is none. Connections of
  // ledgers that are no more are closed on the way.
  // `ledger` lives as long as the ledger does, and nobody else keeps it.
  std::shared_ptr<RedisConnection> connection_of(const std::shared_ptr<const RedisLife>& ledger,
                                                 const std::shared_ptr<RedisTraffic>& traffic) {
    for (const Entry& entry : entries_) {
      if (entry.key == ledger.get() && !entry.ledger.expired()) return entry.connection;
    }
    std::erase_if(entries_, [](const Entry& entry) {
      if (!entry.ledger.expired()) return false;
      entry.connection->abandon();
      return true;
    });
    auto connection = std::make_shared<RedisConnection>(context_, traffic);
    entries_.push_back({ledger.get(), ledger, connection});
    return connection;
  }

  void shutdown() override {
    for (const Entry& entry : entries_) entry.connection->abandon();
    entries_.clear();
  }

 private:
  struct Entry {
    const RedisLife* key;
    std::weak_ptr<const RedisLife> ledger;
    std::shared_ptr<RedisConnection> connection;
  };

  boost::asio::io_context& context_;
  std::vector<Entry> entries_;
};

}  // namespace budget::ledger
