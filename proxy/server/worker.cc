#include "proxy/server/worker.h"

#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "proxy/upstream/simulated_connector.h"
#include "proxy/upstream/tcp_connector.h"

namespace budget::server {

namespace asio = boost::asio;

Worker::Worker(pipeline::Services& services, admin::Api& api, TaskGroup& tasks,
               std::shared_ptr<const pipeline::Snapshot> snapshot)
    : deadlines_(io_),
      services_(services),
      api_(api),
      tasks_(tasks),
      state_(make_state(std::move(snapshot))),
      work_(asio::make_work_guard(io_)) {}

Worker::~Worker() {
  stop();
  // Calls that a stop has left under way hold entries of deadlines_ and
  // sessions_: they go first.
  io_.shutdown();
}

void Worker::start() {
  deadlines_.start();
  thread_ = std::thread([this] { io_.run(); });
}

void Worker::stop() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<pipeline::WorkerState> Worker::make_state(
    std::shared_ptr<const pipeline::Snapshot> snapshot) {
  auto state = std::make_shared<pipeline::WorkerState>(
      pipeline::WorkerState{io_, deadlines_, services_, std::move(snapshot), {}});
  for (const pipeline::Provider& provider : state->snapshot->providers) {
    const ProviderConfig& config = provider.config;
    std::unique_ptr<upstream::Connector> connector;
    if (config.simulated) {
      connector = std::make_unique<upstream::SimulatedConnector>(io_, config.steering);
    } else {
      upstream::TcpTarget target{
          .host = config.host,
          .port = config.port,
          .tls = config.https,
          .verify = config.tls_verify,
          .server_name = config.tls_server_name.empty() ? config.host : config.tls_server_name};
      connector = std::make_unique<upstream::TcpConnector>(io_, deadlines_, std::move(target),
                                                           provider.tls.get());
    }
    state->pools.push_back(std::make_shared<upstream::Pool>(std::move(connector), config.pool_max));
  }
  return state;
}

void Worker::replace(std::shared_ptr<const pipeline::Snapshot> snapshot) {
  asio::post(io_, [this, snapshot = std::move(snapshot)] { state_ = make_state(snapshot); });
}

void Worker::replace_policies(std::shared_ptr<const pipeline::Snapshot> snapshot) {
  asio::post(io_, [this, snapshot = std::move(snapshot)] {
    state_ = std::make_shared<pipeline::WorkerState>(
        pipeline::WorkerState{io_, deadlines_, services_, snapshot, state_->pools});
  });
}

void Worker::drain() {
  asio::post(io_, [this] {
    draining_ = true;
    for (Session* session : sessions_) session->drain();
  });
}

void Worker::serve(net::TcpSocket socket, net::TlsContext tls, Role role) {
  connections_.fetch_add(1, std::memory_order_relaxed);
  tasks_.spawn(io_.get_executor(), "session", run_session(std::move(socket), std::move(tls), role));
}

net::Awaitable<void> Worker::run_session(net::TcpSocket socket, net::TlsContext tls, Role role) {
  struct Counted {
    std::atomic<std::size_t>& open;
    pipeline::Metrics& metrics;
    ~Counted() {
      open.fetch_sub(1, std::memory_order_relaxed);
      pipeline::Metrics::add(metrics.connections, -1);
    }
  } const counted{connections_, services_.metrics};
  pipeline::Metrics::add(services_.metrics.connections);
  pipeline::Metrics::add(services_.metrics.connections_total);

  std::unique_ptr<net::Connection> connection;
  if (tls) {
    const auto deadline =
        std::chrono::steady_clock::now() + state_->snapshot->config.limits.header_timeout;
    auto accepted = co_await net::accept_tls(std::move(socket), *tls, deadlines_, deadline);
    if (!accepted) co_return;
    connection = std::move(*accepted);
  } else {
    connection = net::plain_connection(std::move(socket), deadlines_);
  }
  role.tls = static_cast<bool>(tls);
  Session session(*this, std::move(connection), role);
  sessions_.insert(&session);
  struct Listed {
    std::unordered_set<Session*>& all;
    Session* session;
    ~Listed() { all.erase(session); }
  } const listed{sessions_, &session};
  co_await session.run();
}

}  // namespace budget::server
