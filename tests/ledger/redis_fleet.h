// Real servers on TCP ports of a test's own: masters, replicas, sentinels,
// nodes of a cluster.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "policy/ledger/redis_codec.h"
#include "policy/ledger/redis_directory.h"
#include "tests/ledger/embedded_under_test.h"

namespace budget::ledger {

// One process on 127.0.0.1, in a folder of its own. Ended by its process id.
class RedisNode {
 public:
  // `arguments` as on redis-server's command line, or, for a sentinel, `config`
  // as in its file.
  explicit RedisNode(std::vector<std::string> arguments, std::string config = "");
  ~RedisNode();
  RedisNode(const RedisNode&) = delete;
  RedisNode& operator=(const RedisNode&) = delete;

  void start();  // and waits until it answers
  void kill();   // SIGKILL
  void signal(int number);
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] RedisTopology::Node node() const {
    return {"127.0.0.1", static_cast<std::uint16_t>(port_)};
  }
  // One command on a connection of its own, blocking. Throws if it fails.
  RedisReply ask(std::vector<std::string> words);
  [[nodiscard]] std::string text(std::vector<std::string> words);
  // Asks until `part` is in the answer. Throws after half a minute.
  void await(std::vector<std::string> words, const std::string& part);

 private:
  TemporaryFolder folder_;
  std::vector<std::string> arguments_;
  int port_ = 0;
  pid_t process_ = 0;
};

}  // namespace budget::ledger
