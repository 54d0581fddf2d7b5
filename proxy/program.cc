#include "proxy/program.h"

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <thread>
#include <utility>

#include "proxy/call_families.h"
#include "proxy/config_notes.h"
#include "proxy/http_client.h"
#include "proxy/program_views.h"

namespace budget {

namespace asio = boost::asio;

namespace {

// How often a drain's progress is looked at.
constexpr std::chrono::milliseconds drain_check{20};
constexpr std::chrono::seconds housekeeping{5};

}  // namespace

std::expected<std::unique_ptr<Program>, std::string> Program::make(const Config& config) {
  std::shared_ptr<LogFile> log_file;
  if (!config.telemetry.log.file.empty()) {
    auto opened = LogFile::open(config.telemetry.log.file);
    if (!opened) return std::unexpected(std::move(opened.error()));
    log_file = std::move(*opened);
  }
  std::unique_ptr<Program> program(new Program(config, std::move(log_file)));
  if (auto opened = program->open(config); !opened) {
    return std::unexpected(std::move(opened.error()));
  }
  return program;
}

Program::Program(const Config& config, std::shared_ptr<LogFile> log_file)
    : signals_(io_, SIGTERM, SIGINT, SIGHUP),
      file_timer_(io_),
      drain_timer_(io_),
      house_timer_(io_),
      log_file_(std::move(log_file)),
      log_(config.telemetry.log, log_file_),
      tasks_([this](std::string_view task, std::string_view what) {
        log_.error(LogModule::server, "task_failed", {{"task", task}, {"what", what}});
      }),
      started_with_(config),
      config_file_(config.file),
      config_time_(time_of(config.file)) {
  signals_.add(SIGUSR1);
}

Program::~Program() {
  for (auto& worker : workers_) worker->stop();
  // Its threads resume what they did on the workers' loops.
  if (admin_) admin_->close();
  // An accept that is still pending holds a socket of a worker's loop.
  io_.shutdown();
}

std::expected<void, std::string> Program::open(const Config& config) {
  auto snapshot = pipeline::make_snapshot(config, pricing::Catalog::shipped());
  if (!snapshot) return std::unexpected(snapshot.error());

  std::error_code error;
  std::filesystem::create_directories(config.store.path, error);
  if (error) {
    return std::unexpected("cannot make the store's folder '" + config.store.path +
                           "': " + error.message());
  }
  auto store = open_store(config, clock_, log_);
  if (!store) return std::unexpected(store.error());
  store_ = std::move(*store);

  alert_channels_ = alert_channels_of(config);
  auto admin = admin::make_service(admin_options(config));
  if (!admin) return std::unexpected(admin.error());
  admin_ = std::move(*admin);

  open_tracer(config.telemetry.otlp);
  services_ = std::make_unique<pipeline::Services>(pipeline::Services{
      store_->clock(), store_->ledger_of_calls(), admin_->keys(), admin_->allocations(),
      calibration_, metrics_, [this](const ledger::UsageRecord& record) { log_call(record); },
      [this](const admin::RefusedCall& refusal) { log_refusal(refusal); }, admin_->calls(), log_,
      tracer_ ? &*tracer_ : nullptr});
  shutdown_timeout_ = config.shutdown_timeout;
  {
    const std::lock_guard lock(change_mutex_);
    if (stored_catalog_) *snapshot = pipeline::with_catalog(**snapshot, stored_catalog_);
    put_in_force(std::move(*snapshot), Providers::replaced);
    if (!policies_error_.empty()) return std::unexpected(policies_error_);
  }
  const std::size_t count =
      config.workers ? config.workers : std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) {
    workers_.push_back(
        std::make_unique<server::Worker>(*services_, admin_->api(), tasks_, snapshot_));
  }
  {
    // What the API changed meanwhile; and once more, for the view tells how many
    // workers there are.
    const std::lock_guard lock(change_mutex_);
    opened_ = true;
    put_in_force(snapshot_, Providers::same);
  }
  admin_->start();
  return listen(config);
}

admin::ServiceOptions Program::admin_options(const Config& config) {
  admin::ServiceOptions options{.clock = store_->clock(),
                                .ledger = store_->ledger(),
                                .usage = store_->usage(),
                                .view = {},
                                .metrics = {},
                                .counters = [this] { return store_->counters(); },
                                .folder = config.store.path,
                                .admin_keys = {},
                                .state = store_->state(),
                                .http = http_.get(),
                                .mailer = mailer_.get(),
                                .alert_channels = {},
                                .policies_changed = [this] { policies_changed(); }};
  options.own_url = [this] {
    const std::lock_guard lock(view_mutex_);
    return own_url_;
  };
  options.use_catalog = [this](std::shared_ptr<const pricing::Catalog> catalog) {
    use_catalog(std::move(catalog));
  };
  options.background_failed = [this](const std::string& what) {
    log_.error(LogModule::server, "task_failed", {{"task", "background"}, {"what", what}});
  };
  options.hermes_changed = [this](std::string_view state, std::string_view why) {
    const bool away = state == "away";
    log_.write(LogModule::server, away ? Log::Level::warn : Log::Level::info, "hermes",
               {{"state", state}, {"why", why}});
  };
  options.view = [this] {
    const std::lock_guard lock(view_mutex_);
    return view_;
  };
  options.alert_channels = [this] {
    const std::lock_guard lock(view_mutex_);
    return alert_channels_;
  };
  options.metrics = [this] {
    auto families = metric_families(metrics_);
    std::ranges::move(call_families(metrics_), std::back_inserter(families));
    families.push_back(trace_family(exporter_ ? exporter_->counts() : telemetry::ExportCounts{}));
    std::ranges::move(store_->metrics(), std::back_inserter(families));
    return families;
  };
  for (const AdminKeyConfig& key : config.admin_keys) {
    options.admin_keys.push_back({key.name, key.role, key.key});
  }
  return options;
}

std::expected<void, std::string> Program::listen(const Config& config) {
  for (const ListenConfig& address : config.listen) {
    auto tls = listener_tls(address, config.store.path + "/tls");
    if (!tls) return std::unexpected(tls.error());
    auto listener = std::make_unique<server::Listener>(io_, workers_, config.limits.connections);
    if (auto opened = listener->open(address, *tls); !opened) {
      return std::unexpected(opened.error());
    }
    if (address.llm) note_own_url(*tls != nullptr, listener->endpoint());
    addresses_.push_back(std::string(*tls ? "https://" : "http://") + address.address + ":" +
                         std::to_string(listener->endpoint().port()));
    listeners_.push_back(std::move(listener));
  }
  return {};
}

// The first listener for models that this machine reaches: where an address
// stands for all, loopback is one of them.
void Program::note_own_url(bool tls, const boost::asio::ip::tcp::endpoint& endpoint) {
  const std::lock_guard lock(view_mutex_);
  if (!own_url_.empty()) return;
  const auto address = endpoint.address();
  std::string host = address.to_string();
  if (address.is_unspecified()) host = address.is_v6() ? "::1" : "127.0.0.1";
  if (host.contains(':')) host = "[" + host + "]";
  own_url_ =
      std::string(tls ? "https://" : "http://") + host + ":" + std::to_string(endpoint.port());
}

std::expected<net::TlsContext, std::string> Program::listener_tls(const ListenConfig& config,
                                                                  const std::string& folder) {
  if (!config.tls) return net::TlsContext{};
  net::CertificateFiles files{config.tls->certificate, config.tls->key};
  if (config.tls->self_signed) {
    auto made = net::self_signed_certificate(folder);
    if (!made) return std::unexpected(made.error());
    files = std::move(*made);
  }
  return net::server_tls_context(files.certificate, files.key, config.tls->client_ca);
}

void Program::run() {
  wait_for_signal();
  watch_file();
  keep_house();
  for (auto& worker : workers_) worker->start();
  for (auto& listener : listeners_) listener->start();
  announce();
  io_.run();
  for (auto& worker : workers_) worker->stop();
  admin_->close();
  if (exporter_) exporter_->close();
  if (auto flushed = store_->flush(); !flushed) {
    log_.warn(LogModule::store, "ledger_not_flushed", {{"why", flushed.error()}});
  }
  log_.info(LogModule::server, "stopped", {});
}

void Program::announce() {
  const std::lock_guard lock(change_mutex_);
  for (const std::string& address : addresses_)
    log_.info(LogModule::server, "listening", {{"url", address}});
  if (const std::string file = admin_->generated_key_file(); !file.empty()) {
    log_.info(LogModule::server, "admin_key", {{"file", file}});
  }
  for (const policy::ConfigProblem& warning : snapshot_->config.warnings) {
    log_.warn(LogModule::config, "config_warning", {{"what", warning.to_string()}});
  }
  log_.info(LogModule::server, "ready",
            {{"workers", static_cast<std::int64_t>(workers_.size())}, {"config", config_file_}});
}

// Charges holds that lapsed and forgets counters whose time is over, also when
// no call comes by that would.
void Program::keep_house() {
  house_timer_.expires_after(housekeeping);
  house_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    tasks_.spawn(io_.get_executor(), "reap", reap());
    keep_house();
  });
}

net::Awaitable<void> Program::reap() {
  const auto lapsed = co_await store_->ledger().reap(store_->clock().now());
  if (lapsed && *lapsed > 0) {
    log_.warn(LogModule::store, "holds_lapsed", {{"count", static_cast<std::int64_t>(*lapsed)}});
  }
}

void Program::wait_for_signal() {
  signals_.async_wait([this](boost::system::error_code error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      reload();
    } else if (signal == SIGUSR1) {
      reopen_log();
    } else if (draining_) {
      // Asked twice: end at once. The journal holds what is open, and the next
      // start settles it.
      log_.warn(LogModule::server, "stopping_at_once", {});
      io_.stop();
      return;
    } else {
      begin_drain();
    }
    wait_for_signal();
  });
}

void Program::begin_drain() {
  log_.info(LogModule::server, "draining",
            {{"timeout_ms", static_cast<std::int64_t>(shutdown_timeout_.count())}});
  drain_until_ = std::chrono::steady_clock::now() + shutdown_timeout_;
  {
    const std::lock_guard lock(change_mutex_);
    draining_ = true;
    publish();
  }
  admin_->config_changed();
  for (auto& listener : listeners_) listener->close();
  file_timer_.cancel();
  house_timer_.cancel();
  for (auto& worker : workers_) worker->drain();
  await_drained();
}

void Program::await_drained() {
  const bool over = std::chrono::steady_clock::now() >= drain_until_;
  if (tasks_.running() == 0 || over) {
    if (over) {
      log_.warn(LogModule::server, "drain_timed_out",
                {{"calls", static_cast<std::int64_t>(tasks_.running())}});
    }
    signals_.cancel();
    io_.stop();
    return;
  }
  drain_timer_.expires_after(drain_check);
  drain_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) await_drained();
  });
}

}  // namespace budget
