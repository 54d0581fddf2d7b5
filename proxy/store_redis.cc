// The store of many processes: one Redis.
#include "proxy/store_redis.h"

#include <chrono>
#include <thread>
#include <utility>

#include "admin/state/redis_state_store.h"
#include "policy/ledger/redis_usage.h"
#include "policy/ledger/redis_with_journal.h"
#include "proxy/metric.h"

namespace budget {
namespace {

// How long a start waits for a Redis that does not answer, and between attempts.
constexpr std::chrono::seconds start_patience{10};
constexpr std::chrono::milliseconds start_retry{200};
// How long a shutdown waits for Redis to take what it is owed.
constexpr std::chrono::seconds drain_patience{2};

admin::MetricFamily seconds_metric(const std::string& name, std::string help,
                                   std::int64_t milliseconds) {
  return {name, std::move(help), "gauge", {{name, "", milliseconds, 3}}};
}

// Waits a while for a Redis that is not there yet, as when both are started at
// once. Not for one that will not do. The error is a sentence.
std::expected<void, std::string> wait_for(ledger::RedisOptions options) {
  const auto until = std::chrono::steady_clock::now() + start_patience;
  for (;;) {
    options.must_be_reachable = true;
    auto reached = ledger::RedisLedger::open(options);
    if (reached) return {};
    if (std::chrono::steady_clock::now() >= until) return std::unexpected(reached.error());
    options.must_be_reachable = false;
    if (auto fit = ledger::RedisLedger::open(options); !fit) return std::unexpected(fit.error());
    std::this_thread::sleep_for(start_retry);
  }
}

class RedisStore final : public Store {
 public:
  explicit RedisStore(const Log& log) : log_(log) {}

  // The error is a sentence.
  std::expected<void, std::string> open(const StoreConfig& config, ledger::RedisOptions options) {
    if (auto there = wait_for(options); !there) {
      return std::unexpected("cannot use the Redis of store.url: " + there.error());
    }
    ledger::OutageOptions outage;
    outage.journal.folder = config.path + "/outage";
    outage.journal.journal_sync = config.journal_sync;
    outage.log = [this](std::string_view what) {
      log_.warn(LogModule::store, "outage", {{"what", what}});
    };
    outage.journal.log = outage.log;
    auto ledgers = ledger::RedisWithJournal::open(std::move(options), std::move(outage));
    if (!ledgers) return std::unexpected(std::move(ledgers.error()));
    ledgers_ = std::move(*ledgers);
    usage_ = std::make_unique<ledger::RedisUsage>(ledgers_->redis());
    state_ = std::make_unique<admin::RedisStateStore>(ledgers_->redis());
    return {};
  }

  ledger::Ledger& ledger() override { return ledgers_->redis(); }
  ledger::Ledger& ledger_of_calls() override { return ledgers_->ledger(); }
  ledger::UsageStore& usage() override { return *usage_; }
  const policy::Clock& clock() const override { return ledgers_->redis().clock(); }
  std::vector<policy::CounterRef> counters() override {
    auto counters = usage_->counters();
    if (counters) return std::move(*counters);
    log_.warn(LogModule::store, "counters_not_listed", {{"why", counters.error()}});
    return {};
  }
  std::expected<void, std::string> flush() override {
    if (ledgers_->ledger().drain(drain_patience)) return {};
    return std::unexpected("Redis is away; " +
                           std::to_string(ledgers_->ledger().stats().backlog.entries) +
                           " finished calls wait on disk for the next start");
  }
  admin::StateStore* state() override { return state_.get(); }
  std::vector<admin::MetricFamily> metrics() const override;

 private:
  const Log& log_;
  // Ended in reverse: the threads of the later ones use the first.
  std::unique_ptr<ledger::RedisWithJournal> ledgers_;
  std::unique_ptr<ledger::RedisUsage> usage_;
  std::unique_ptr<admin::RedisStateStore> state_;
};

std::vector<admin::MetricFamily> RedisStore::metrics() const {
  const ledger::RedisStats stats = ledgers_->redis().stats();
  const ledger::OutageStats outage = ledgers_->ledger().stats();
  const std::int64_t oldest = outage.oldest_age ? outage.oldest_age->count() : 0;
  return {
      single_metric("budget_holds_lapsed_total",
                    "Holds charged because nobody settled them, by this replica", "counter",
                    stats.lapsed),
      single_metric("budget_redis_connects_total", "Connections to Redis that came up", "counter",
                    stats.connects),
      single_metric("budget_redis_breaks_total", "Connections to Redis that broke", "counter",
                    stats.breaks),
      single_metric("budget_redis_timeouts_total", "Commands that Redis did not answer in time",
                    "counter", stats.timeouts),
      single_metric("budget_redis_rejected_total",
                    "Commands that failed at once while Redis was away", "counter", stats.rejected),
      single_metric("budget_redis_scripts_sent_total",
                    "Scripts sent whole because Redis did not know them", "counter",
                    stats.scripts_sent),
      seconds_metric("budget_redis_clock_ahead_seconds",
                     "How far Redis's clock is ahead of this machine's", stats.clock_ahead_ms),
      single_metric("budget_outage_backlog", "Finished calls on disk that Redis has not got",
                    "gauge", outage.backlog.entries),
      single_metric("budget_outage_backlog_bytes", "Their size", "gauge",
                    static_cast<std::int64_t>(outage.backlog.bytes)),
      seconds_metric("budget_outage_backlog_age_seconds", "The age of the oldest of them", oldest),
      single_metric("budget_outage_store_away", "Whether Redis did not take the last settlement",
                    "gauge", outage.away ? 1 : 0),
      single_metric("budget_outage_backlog_full", "Whether calls are refused for the backlog",
                    "gauge", outage.full ? 1 : 0),
      single_metric("budget_outage_disk_failing", "Whether the backlog's disk fails", "gauge",
                    outage.backlog.disk_failing ? 1 : 0),
      single_metric("budget_outage_kept_total", "Settlements put on disk for want of Redis",
                    "counter", outage.kept),
      single_metric("budget_outage_delivered_total", "Of those, delivered", "counter",
                    outage.delivered),
      single_metric("budget_outage_holds_lost_total",
                    "Holds that Redis had forgotten, charged all the same", "counter",
                    outage.lost_by_store),
  };
}

std::expected<ledger::RedisAddress, std::string> address_of(const StoreConfig& store) {
  auto address = ledger::parse_redis_url(store.url);
  if (!address) return std::unexpected("store.url: " + address.error());
  address->tls_ca = store.tls_ca;
  address->tls_verify = store.tls_verify;
  address->tls_server_name = store.tls_server_name;
  return address;
}

// "HOST:PORT" each; an IPv6 address in brackets.
std::expected<std::vector<ledger::RedisTopology::Node>, std::string> nodes_of(
    const std::vector<std::string>& places, std::string_view key) {
  std::vector<ledger::RedisTopology::Node> nodes;
  for (const std::string& place : places) {
    auto address = ledger::parse_redis_url("redis://" + place);
    if (!address) {
      return std::unexpected("store." + std::string(key) + " has no HOST:PORT in '" + place + "'");
    }
    nodes.push_back({std::move(address->host), address->port});
  }
  return nodes;
}

std::expected<ledger::RedisTopology, std::string> topology_of(const StoreConfig& store) {
  using Kind = ledger::RedisTopology::Kind;
  ledger::RedisTopology topology;
  if (store.sentinel.empty() && store.cluster.empty()) return topology;
  if (!store.sentinel.empty() && !store.cluster.empty()) {
    return std::unexpected("store.sentinel and store.cluster cannot both be given");
  }
  const bool sentinel = !store.sentinel.empty();
  auto nodes = sentinel ? nodes_of(store.sentinel, "sentinel") : nodes_of(store.cluster, "cluster");
  if (!nodes) return std::unexpected(std::move(nodes.error()));
  topology.kind = sentinel ? Kind::sentinel : Kind::cluster;
  topology.nodes = std::move(*nodes);
  topology.master = store.sentinel_master;
  topology.password = store.sentinel_password;
  return topology;
}

}  // namespace

std::expected<std::unique_ptr<Store>, std::string> open_redis_store(const Config& config,
                                                                    const Log& log) {
  auto address = address_of(config.store);
  if (!address) return std::unexpected(std::move(address.error()));
  auto topology = topology_of(config.store);
  if (!topology) return std::unexpected(std::move(topology.error()));
  ledger::RedisOptions options;
  options.address = std::move(*address);
  options.topology = std::move(*topology);
  options.name_space = config.store.name_space;
  options.usage_retention = config.store.usage_retention;
  options.log = [&log](std::string_view what) {
    log.warn(LogModule::store, "redis", {{"what", what}});
  };
  auto store = std::make_unique<RedisStore>(log);
  if (auto opened = store->open(config.store, std::move(options)); !opened) {
    return std::unexpected(std::move(opened.error()));
  }
  return store;
}

}  // namespace budget
