#include "tests/ledger/redis_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace budget::ledger {
namespace {

constexpr const char* kBinary = "/usr/bin/redis-server";
constexpr std::chrono::seconds kStartMax{30};

// A blocking connection; -1 when there is none.
int connect_to(const std::string& path) {
  const int file = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof(address.sun_path) - 1));
  if (::connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return file;
  }
  ::close(file);
  return -1;
}

}  // namespace

bool RedisServer::installed() {
  return ::access(kBinary, X_OK) == 0;
}

RedisServer::RedisServer(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
  start();
}

RedisServer::~RedisServer() {
  kill();
}

void RedisServer::start() {
  std::vector<std::string> words = {kBinary,     "--port",
                                    "0",         "--unixsocket",
                                    socket(),    "--dir",
                                    folder(),    "--save",
                                    "",          "--appendonly",
                                    "yes",       "--appendfsync",
                                    "always",    "--maxmemory-policy",
                                    "noeviction"};
  words.insert(words.end(), arguments_.begin(), arguments_.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const std::string log = folder() + "/log";
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ == 0) {
    // Ends with the test, even if that is killed.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execv(kBinary, pointers.data());
    ::_exit(127);
  }
  const auto until = std::chrono::steady_clock::now() + kStartMax;
  while (std::chrono::steady_clock::now() < until) {
    try {
      if (!ask({"PING"}).value().is_error()) return;
    } catch (const std::runtime_error&) {
      // Not there yet.
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  throw std::runtime_error("redis-server does not start; see " + log);
}

void RedisServer::kill() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = 0;
}

void RedisServer::signal(int number) {
  ::kill(process_, number);
}

RedisReply ask_once(int file, const std::vector<std::string>& words) {
  if (file < 0) throw std::runtime_error("redis-server is not there");
  const std::vector<std::string_view> views(words.begin(), words.end());
  std::string command;
  append_command(command, views);
  RedisReader reader;
  bool good = ::send(file, command.data(), command.size(), MSG_NOSIGNAL) ==
              static_cast<ssize_t>(command.size());
  std::optional<RedisReply> answer;
  while (good && !answer) {
    char bytes[16 * 1024];
    const ssize_t size = ::read(file, bytes, sizeof(bytes));
    good = size > 0;
    if (!good) break;
    reader.feed({bytes, static_cast<std::size_t>(size)});
    auto next = reader.next();
    good = next.has_value();
    if (good && *next) answer = std::move(**next);
  }
  ::close(file);
  if (!answer) throw std::runtime_error("redis-server did not answer");
  return std::move(*answer);
}

RedisReply RedisServer::ask(std::vector<std::string> words) {
  return ask_once(connect_to(socket()), words);
}

int free_port() {
  const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ::bind(file, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  ::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(file);
  return ntohs(address.sin_port);
}

RedisServer& shared_redis() {
  static RedisServer server;
  return server;
}

}  // namespace budget::ledger
