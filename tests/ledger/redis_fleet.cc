#include "tests/ledger/redis_fleet.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <thread>

#include "tests/ledger/redis_server.h"

namespace budget::ledger {
namespace {

constexpr const char* kBinary = "/usr/bin/redis-server";
constexpr std::chrono::seconds kPatience{30};

int connect_to(int port) {
  const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  // A server that is stopped must not stop the test.
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  if (::connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return file;
  }
  ::close(file);
  return -1;
}

// A cluster's nodes talk on a second port, 10000 above.
int port_for_a_node() {
  for (;;) {
    const int port = free_port();
    if (port < 55'000) return port;
  }
}

}  // namespace

RedisNode::RedisNode(std::vector<std::string> arguments, std::string config)
    : port_(port_for_a_node()) {
  if (!config.empty()) {
    const std::string path = folder_.path() + "/sentinel.conf";
    std::ofstream(path) << config << "\n";
    arguments_ = {path, "--sentinel"};
  }
  for (const char* word : {"--bind", "127.0.0.1", "--port"}) arguments_.emplace_back(word);
  arguments_.push_back(std::to_string(port_));
  arguments_.insert(arguments_.end(), {"--dir", folder_.path()});
  arguments_.insert(arguments_.end(), arguments.begin(), arguments.end());
  start();
}

RedisNode::~RedisNode() {
  kill();
}

void RedisNode::start() {
  std::vector<char*> pointers = {const_cast<char*>(kBinary)};
  for (std::string& word : arguments_) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const std::string log = folder_.path() + "/log";
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execv(kBinary, pointers.data());
    ::_exit(127);
  }
  await({"PING"}, "PONG");
}

void RedisNode::kill() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = 0;
}

void RedisNode::signal(int number) {
  ::kill(process_, number);
}

RedisReply RedisNode::ask(std::vector<std::string> words) {
  return ask_once(connect_to(port_), words);
}

std::string RedisNode::text(std::vector<std::string> words) {
  const RedisReply reply = ask(std::move(words));
  const RedisValue value = reply.value();
  std::string text(value.text());
  for (std::size_t i = 0; i < value.size(); ++i) text += std::string(value.at(i).text()) + " ";
  return text;
}

void RedisNode::await(std::vector<std::string> words, const std::string& part) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < until) {
    try {
      if (text(words).contains(part)) return;
    } catch (const std::runtime_error&) {
      // Not there yet.
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  throw std::runtime_error("no " + part + " in the answer to " + words.front());
}

}  // namespace budget::ledger
