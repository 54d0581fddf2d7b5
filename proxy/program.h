// The running program: the one place where its parts are made.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <expected>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "admin/http_client.h"
#include "admin/service.h"
#include "policy/clock.h"
#include "policy/ledger/embedded_ledger.h"
#include "pricing/tokens/calibration.h"
#include "proxy/config.h"
#include "proxy/log.h"
#include "proxy/pipeline/metrics.h"
#include "proxy/pipeline/services.h"
#include "proxy/pipeline/snapshot.h"
#include "proxy/server/listener.h"
#include "proxy/server/task_group.h"
#include "proxy/server/worker.h"

namespace budget {

// Order of life: made, start()ed, run() until a signal, destroyed. Members are
// destroyed in reverse: workers before the ledger they call.
class Program {
 public:
  // The error is what to tell the operator.
  [[nodiscard]] static std::expected<std::unique_ptr<Program>, std::string> make(Config config);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Returns when the program was asked to end and has ended in order.
  void run();

 private:
  explicit Program(const Config& config);
  std::expected<void, std::string> open(Config config);
  std::expected<void, std::string> listen(const Config& config);
  std::expected<net::TlsContext, std::string> listener_tls(const ListenConfig& config,
                                                           const std::string& folder);
  void announce() const;
  void wait_for_signal();
  void watch_file();
  void keep_house();
  net::Awaitable<void> reap();
  void reload();
  void begin_drain();
  void await_drained();
  // Any thread: calls from now on are priced by it.
  void use_catalog(std::shared_ptr<const pricing::Catalog> catalog);
  void publish(std::shared_ptr<const pipeline::Snapshot> snapshot, std::string config_error);
  void log_call(const ledger::UsageRecord& record) const;
  void log_refusal(const pipeline::Refusal& refusal) const;

  server::Loop io_{1};
  boost::asio::signal_set signals_;
  boost::asio::steady_timer file_timer_;
  boost::asio::steady_timer drain_timer_;
  boost::asio::steady_timer house_timer_;

  policy::SystemClock clock_;
  Log log_;
  pipeline::Metrics metrics_;
  pricing::Calibration calibration_;
  std::unique_ptr<ledger::EmbeddedLedger> ledger_;
  std::unique_ptr<admin::HttpClient> http_;
  std::unique_ptr<admin::Service> admin_;
  std::unique_ptr<pipeline::Services> services_;
  server::TaskGroup tasks_;
  std::vector<std::unique_ptr<server::Worker>> workers_;
  std::vector<std::unique_ptr<server::Listener>> listeners_;
  std::vector<std::string> addresses_;  // what is listened on, for people

  Config started_with_;
  std::string config_file_;
  std::filesystem::file_time_type config_time_{};
  std::chrono::milliseconds shutdown_timeout_{};
  std::chrono::steady_clock::time_point drain_until_{};
  bool draining_ = false;

  // Held while a snapshot is made of the one before, so that none is lost.
  std::mutex compose_mutex_;
  mutable std::mutex view_mutex_;
  std::shared_ptr<const admin::View> view_;
  std::shared_ptr<const pipeline::Snapshot> snapshot_;
};

}  // namespace budget
