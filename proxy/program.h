// The running program: the one place where its parts are made.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admin/service.h"
#include "policy/clock.h"
#include "pricing/tokens/calibration.h"
#include "proxy/config.h"
#include "proxy/http_client.h"
#include "proxy/log.h"
#include "proxy/mailer.h"
#include "proxy/pipeline/metrics.h"
#include "proxy/pipeline/services.h"
#include "proxy/pipeline/snapshot.h"
#include "proxy/server/listener.h"
#include "proxy/server/task_group.h"
#include "proxy/server/worker.h"
#include "proxy/store.h"
#include "proxy/telemetry/exporter.h"

namespace budget {

// Order of life: made, run() until a signal, destroyed. Members are destroyed in
// reverse: workers before the store they call. What goes on while it runs is in
// program.cc, what changes then in program_changes.cc, what it tells in
// program_telemetry.cc.
class Program {
 public:
  // The error is what to tell the operator.
  [[nodiscard]] static std::expected<std::unique_ptr<Program>, std::string> make(
      const Config& config);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Returns when the program was asked to end and has ended in order.
  void run();

 private:
  Program(const Config& config, std::shared_ptr<LogFile> log_file);
  std::expected<void, std::string> open(const Config& config);
  admin::ServiceOptions admin_options(const Config& config);
  std::expected<void, std::string> listen(const Config& config);
  std::expected<net::TlsContext, std::string> listener_tls(const ListenConfig& config,
                                                           const std::string& folder);
  void note_own_url(bool tls, const boost::asio::ip::tcp::endpoint& endpoint);
  void announce();
  void wait_for_signal();
  void keep_house();
  net::Awaitable<void> reap();
  void reopen_log();
  void open_tracer(const OtlpConfig& config);
  void begin_drain();
  void await_drained();

  // program_changes.cc
  static std::filesystem::file_time_type time_of(const std::string& file);
  void watch_file();
  void reload();
  // The file's policies and the API's, compiled and put in force: by all workers
  // for what they begin from now on. `base` is a snapshot of the file. Holds
  // change_mutex_.
  enum class Providers : std::uint8_t { same, replaced };
  void put_in_force(std::shared_ptr<const pipeline::Snapshot> base, Providers providers);
  void policies_changed();  // any thread
  // Any thread: calls from now on are priced by it.
  void use_catalog(std::shared_ptr<const pricing::Catalog> catalog);
  void tell_skipped(const admin::MergedPolicies& merged);
  void publish();
  void log_call(const ledger::UsageRecord& record) const;
  void log_refusal(const admin::RefusedCall& refusal) const;

  server::Loop io_{1};
  boost::asio::signal_set signals_;
  boost::asio::steady_timer file_timer_;
  boost::asio::steady_timer drain_timer_;
  boost::asio::steady_timer house_timer_;

  policy::SystemClock clock_;
  std::shared_ptr<LogFile> log_file_;  // null: standard error
  Log log_;
  pipeline::Metrics metrics_;
  pricing::Calibration calibration_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<admin::HttpClient> http_ = make_http_client();
  std::unique_ptr<admin::Mailer> mailer_ = make_mailer();
  std::unique_ptr<admin::Service> admin_;
  std::unique_ptr<telemetry::Exporter> exporter_;  // null: no traces
  std::optional<pipeline::Tracer> tracer_;
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

  // Held while what is in force changes: by the file (this thread), or by the
  // API (the admin side's threads). Guards the following.
  std::mutex change_mutex_;
  bool opened_ = false;
  std::shared_ptr<const pricing::Catalog> stored_catalog_;  // of before opened_
  std::shared_ptr<const pipeline::Snapshot> snapshot_;
  std::shared_ptr<const admin::MergedPolicies> merged_;
  std::string config_error_;
  std::string policies_error_;
  std::vector<std::string> skipped_told_;

  mutable std::mutex view_mutex_;  // of the following
  std::string own_url_;
  std::shared_ptr<const admin::View> view_;
  std::shared_ptr<const admin::AlertChannels> alert_channels_;
};

}  // namespace budget
