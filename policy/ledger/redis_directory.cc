#include "policy/ledger/redis_directory.h"

#include <algorithm>
#include <charconv>
#include <expected>
#include <utility>

#include "policy/ledger/redis_codec.h"
#include "policy/ledger/redis_exchange.h"

namespace budget::ledger {
namespace {

using Node = RedisTopology::Node;
using Found = std::expected<Node, std::string>;

// Nodes of a cluster that are remembered beside those that were configured.
constexpr std::size_t kNodesMax = 64;

std::string printable(const Node& node) {
  return node.host + ":" + std::to_string(node.port);
}

bool same(const Node& a, const Node& b) {
  return a.host == b.host && a.port == b.port;
}

std::optional<Node> node_of(std::string_view host, std::int64_t port) {
  if (host.empty() || port <= 0 || port > 65'535) return std::nullopt;
  return Node{std::string(host), static_cast<std::uint16_t>(port)};
}

// The reply of SENTINEL GET-MASTER-ADDR-BY-NAME: [host, port], or nil.
Found master_in(RedisValue reply, const std::string& name) {
  if (reply.is_nil()) return std::unexpected("knows no master named " + name);
  auto node = node_of(reply.at(0).text(), reply.at(1).integer());
  if (!node) return std::unexpected("names no address of the master " + name);
  return std::move(*node);
}

// The reply of CLUSTER SLOTS: [first, last, [host, port, …] of the master, …]
// each; a node that does not know its own host leaves it empty.
Found owner_in(RedisValue reply, std::uint16_t slot, const Node& asked) {
  for (std::size_t i = 0; i < reply.size(); ++i) {
    const RedisValue range = reply.at(i);
    if (slot < range.at(0).integer() || slot > range.at(1).integer()) continue;
    const RedisValue master = range.at(2);
    const std::string_view host = master.at(0).text();
    auto node = node_of(host.empty() || host == "?" ? asked.host : host, master.at(1).integer());
    if (node) return std::move(*node);
  }
  return std::unexpected("says that no node serves slot " + std::to_string(slot));
}

}  // namespace

std::uint16_t cluster_slot(std::string_view tag) {
  std::uint16_t crc = 0;
  for (const char c : tag) {
    crc = static_cast<std::uint16_t>(crc ^ (static_cast<std::uint8_t>(c) << 8));
    for (int bit = 0; bit < 8; ++bit) {
      crc = static_cast<std::uint16_t>((crc & 0x8000u) ? (crc << 1) ^ 0x1021 : crc << 1);
    }
  }
  return crc % 16'384;
}

RedisDirectory::RedisDirectory(RedisAddress address, RedisTls tls, RedisTopology topology,
                               std::string_view name_space)
    : address_(std::move(address)),
      tls_(std::move(tls)),
      topology_(std::move(topology)),
      slot_(cluster_slot(name_space)),
      known_(topology_.nodes) {}

std::vector<Node> RedisDirectory::nodes_to_ask() const {
  const std::scoped_lock lock(mutex_);
  return known_;
}

void RedisDirectory::answered(const Node& node, const RedisAddress& found) {
  const std::scoped_lock lock(mutex_);
  const auto place =
      std::ranges::find_if(known_, [&](const Node& each) { return same(each, node); });
  if (place != known_.end()) std::rotate(known_.begin(), place, place + 1);
  if (topology_.kind != RedisTopology::Kind::cluster) return;
  const Node owner{found.host, found.port};
  const bool is_new =
      std::ranges::none_of(known_, [&](const Node& each) { return same(each, owner); });
  if (!is_new) return;
  known_.push_back(owner);
  // Those that were configured are never forgotten.
  if (known_.size() > topology_.nodes.size() + kNodesMax) known_ = topology_.nodes;
}

void RedisDirectory::doubted() {
  const std::scoped_lock lock(mutex_);
  if (known_.size() > 1) std::rotate(known_.begin(), known_.begin() + 1, known_.end());
}

void RedisDirectory::moved(std::string_view where, const RedisAddress& from) {
  const std::size_t colon = where.rfind(':');
  if (colon == std::string_view::npos) return;
  int port = 0;
  std::from_chars(where.data() + colon + 1, where.data() + where.size(), port);
  const std::string_view host = where.substr(0, colon);
  auto node = node_of(host.empty() ? std::string_view(from.host) : host, port);
  const std::scoped_lock lock(mutex_);
  moved_ = std::move(node);
}

RedisAwaitable<RedisAddress> RedisDirectory::ask(Node node, Deadline deadline) {
  RedisAddress at = address_;
  at.path.clear();
  at.host = node.host;
  at.port = node.port;
  auto stream = co_await open_redis_stream(at, tls_, deadline);
  if (!stream) co_return std::unexpected(std::move(stream.error()));
  RedisReader reader;
  std::vector<std::string> commands;
  const bool sentinel = topology_.kind == RedisTopology::Kind::sentinel;
  const std::string& user = sentinel ? topology_.user : address_.user;
  const std::string& password = sentinel ? topology_.password : address_.password;
  if (!password.empty()) {
    commands.push_back(user.empty() ? redis_command({"AUTH", password})
                                    : redis_command({"AUTH", user, password}));
  }
  commands.push_back(sentinel
                         ? redis_command({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", topology_.master})
                         : redis_command({"CLUSTER", "SLOTS"}));
  auto replies = co_await ask_redis(**stream, reader, std::move(commands), deadline);
  (*stream)->close();
  const std::string who = (sentinel ? "the sentinel " : "the node ") + printable(node) + " ";
  if (!replies) co_return std::unexpected(who + "answers: " + replies.error());
  const RedisValue reply = replies->back().value();
  Found found = sentinel ? master_in(reply, topology_.master) : owner_in(reply, slot_, node);
  if (!found) co_return std::unexpected(who + found.error());
  at.host = found->host;
  at.port = found->port;
  answered(node, at);
  co_return at;
}

RedisAwaitable<RedisAddress> RedisDirectory::find(Deadline deadline) {
  if (fixed()) co_return address_;
  {
    const std::scoped_lock lock(mutex_);
    if (moved_) {
      RedisAddress at = address_;
      at.path.clear();
      at.host = moved_->host;
      at.port = moved_->port;
      moved_.reset();
      co_return at;
    }
  }
  const std::vector<Node> nodes = nodes_to_ask();
  std::string why = "nobody to ask";
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    // One that does not answer leaves the others their share of the time, and
    // the connection that follows its own.
    const Deadline now = std::chrono::steady_clock::now();
    if (now >= deadline) break;
    const auto share = (deadline - now) / static_cast<std::int64_t>(nodes.size() - i + 1);
    auto found = co_await ask(nodes[i], now + share);
    if (found) co_return found;
    why = std::move(found.error());
  }
  co_return std::unexpected(why);
}

}  // namespace budget::ledger
