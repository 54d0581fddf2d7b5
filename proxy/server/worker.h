// One thread, one loop, and the connections that live and die on it.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <thread>
#include <unordered_set>

#include "proxy/net/deadlines.h"
#include "proxy/net/tls_contexts.h"
#include "proxy/server/session.h"
#include "proxy/server/task_group.h"

namespace budget::server {

// A loop whose suspended coroutines can be destroyed while all that they refer
// to is still there.
class Loop : public boost::asio::io_context {
 public:
  using io_context::io_context;
  using io_context::shutdown;
};

// Public members are for other threads unless they say otherwise.
class Worker final : public SessionHost {
 public:
  Worker(pipeline::Services& services, admin::Api& api, TaskGroup& tasks,
         std::shared_ptr<const pipeline::Snapshot> snapshot);
  ~Worker() override;

  void start();
  // New calls use `snapshot`; those under way end with theirs.
  void replace(std::shared_ptr<const pipeline::Snapshot> snapshot);
  // The same for a snapshot of the same providers: connections to them stay.
  void replace_policies(std::shared_ptr<const pipeline::Snapshot> snapshot);
  // Takes over an accepted socket. `tls` null: plain HTTP.
  void serve(net::TcpSocket socket, net::TlsContext tls, Role role);
  // Closes idle connections, and the others after their answer.
  void drain();
  // Ends the loop with whatever is under way, and joins the thread.
  void stop();

  [[nodiscard]] boost::asio::io_context& io() { return io_; }
  [[nodiscard]] std::size_t connections() const {
    return connections_.load(std::memory_order_relaxed);
  }

  // SessionHost, on the worker's thread.
  [[nodiscard]] std::shared_ptr<pipeline::WorkerState> state() const override { return state_; }
  [[nodiscard]] admin::Api& api() const override { return api_; }
  [[nodiscard]] bool draining() const override { return draining_; }

 private:
  net::Awaitable<void> run_session(net::TcpSocket socket, net::TlsContext tls, Role role);
  std::shared_ptr<pipeline::WorkerState> make_state(
      std::shared_ptr<const pipeline::Snapshot> snapshot);

  Loop io_{1};
  net::Deadlines deadlines_;
  pipeline::Services& services_;
  admin::Api& api_;
  TaskGroup& tasks_;
  std::shared_ptr<pipeline::WorkerState> state_;
  std::unordered_set<Session*> sessions_;
  bool draining_ = false;
  std::atomic<std::size_t> connections_{0};
  boost::asio::executor_work_guard<net::Executor> work_;
  std::thread thread_;
};

}  // namespace budget::server
