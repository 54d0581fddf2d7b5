// A real redis-server of a test's own.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "policy/ledger/redis_codec.h"
#include "tests/ledger/embedded_under_test.h"

namespace budget::ledger {

// On a Unix socket in a folder of its own, with an append-only file that is
// synced before every reply. Ended by its process id, with the folder.
class RedisServer {
 public:
  // More arguments as on redis-server's command line.
  explicit RedisServer(std::vector<std::string> arguments = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // Whether redis-server is installed.
  static bool installed();

  [[nodiscard]] const std::string& folder() const { return folder_.path(); }
  [[nodiscard]] std::string socket() const { return folder_.path() + "/redis.sock"; }
  void start();  // and waits until it answers
  void kill();   // SIGKILL
  void signal(int number);
  // One command on a connection of its own, blocking. Throws if it fails.
  RedisReply ask(std::vector<std::string> words);

 private:
  TemporaryFolder folder_;
  std::vector<std::string> arguments_;
  pid_t process_ = 0;
};

// One command on the connected socket `file`, -1 being none, which is closed.
// Blocks; throws if it fails.
RedisReply ask_once(int file, const std::vector<std::string>& words);

// A TCP port that was free a moment ago.
[[nodiscard]] int free_port();

// A Redis for all tests of this program, started when it is first asked for.
RedisServer& shared_redis();

}  // namespace budget::ledger
