// Where the Redis is that serves a namespace: a fixed place, the master that
// sentinels know, or the node of a cluster that has the namespace's slot.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/ledger/redis_address.h"
#include "policy/ledger/redis_stream.h"

namespace budget::ledger {

struct RedisTopology {
  enum class Kind : std::uint8_t { fixed, sentinel, cluster };
  Kind kind = Kind::fixed;
  struct Node {
    std::string host;
    std::uint16_t port = 0;
  };
  std::vector<Node> nodes;          // the sentinels, or some of the cluster's nodes
  std::string master = "mymaster";  // sentinel: the name that they know it by
  std::string user, password;       // sentinel: as whom to ask them; "": nobody
};

// The slot of a cluster that a key's hash tag is in: CRC16 of the tag, modulo
// 16384 (the cluster specification of Redis, "Key distribution model").
[[nodiscard]] std::uint16_t cluster_slot(std::string_view tag);

// Asks anew for every connection, so that what a failover or a migration moved
// is found where it is now; who answered last is asked first. Thread-safe; find()
// runs on its caller's loop.
class RedisDirectory {
 public:
  // `address`: how to speak to whatever is found (user, password, TLS,
  // database), and for a fixed one where it is. `name_space`: the keys' tag.
  RedisDirectory(RedisAddress address, RedisTls tls, RedisTopology topology,
                 std::string_view name_space);

  // The error is one sentence that says whom it asked.
  RedisAwaitable<RedisAddress> find(Deadline deadline);
  // A node of the cluster said that the slot is at "HOST:PORT" now: that is
  // believed once, by the next find(). An empty host is that of `from`.
  void moved(std::string_view where, const RedisAddress& from);
  // What find() said last would not do: somebody else is asked first next time,
  // for a sentinel that is cut off knows only the master there was.
  void doubted();
  [[nodiscard]] bool fixed() const { return topology_.kind == RedisTopology::Kind::fixed; }

 private:
  RedisAwaitable<RedisAddress> ask(RedisTopology::Node node, Deadline deadline);
  [[nodiscard]] std::vector<RedisTopology::Node> nodes_to_ask() const;
  void answered(const RedisTopology::Node& node, const RedisAddress& found);

  const RedisAddress address_;
  const RedisTls tls_;
  const RedisTopology topology_;
  const std::uint16_t slot_;

  mutable std::mutex mutex_;
  std::vector<RedisTopology::Node> known_;  // whom to ask, the best first
  std::optional<RedisTopology::Node> moved_;
};

}  // namespace budget::ledger
