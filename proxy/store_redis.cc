// The store of many processes: one Redis.
#include "proxy/store_redis.h"

#include <utility>

#include "policy/ledger/redis_ledger.h"
#include "policy/ledger/redis_usage.h"
#include "proxy/metric.h"

namespace budget {
namespace {

class RedisStore final : public Store {
 public:
  RedisStore(std::unique_ptr<ledger::RedisLedger> ledger, const Log& log)
      : ledger_(std::move(ledger)),
        usage_(std::make_unique<ledger::RedisUsage>(*ledger_)),
        log_(log) {}

  ledger::Ledger& ledger() override { return *ledger_; }
  ledger::UsageStore& usage() override { return *usage_; }
  const policy::Clock& clock() const override { return ledger_->clock(); }
  std::vector<policy::CounterRef> counters() override {
    auto counters = usage_->counters();
    if (counters) return std::move(*counters);
    log_.warn("counters_not_listed", {{"why", counters.error()}});
    return {};
  }
  // A settlement is answered when Redis has it.
  std::expected<void, std::string> flush() override { return {}; }
  void close() override {}

  std::vector<admin::MetricFamily> metrics() const override {
    const ledger::RedisStats stats = ledger_->stats();
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
                      "Commands that failed at once while Redis was away", "counter",
                      stats.rejected),
        single_metric("budget_redis_scripts_sent_total",
                      "Scripts sent whole because Redis did not know them", "counter",
                      stats.scripts_sent),
        {"budget_redis_clock_ahead_seconds",
         "How far Redis's clock is ahead of this machine's",
         "gauge",
         {{"budget_redis_clock_ahead_seconds", "", stats.clock_ahead_ms, 3}}},
    };
  }

 private:
  std::unique_ptr<ledger::RedisLedger> ledger_;
  std::unique_ptr<ledger::RedisUsage> usage_;
  const Log& log_;
};

std::expected<ledger::RedisAddress, std::string> address_of(const StoreConfig& store) {
  if (!store.sentinel.empty() || !store.cluster.empty()) {
    return std::unexpected(
        "store.sentinel and store.cluster are not there yet; name the master in store.url");
  }
  auto address = ledger::parse_redis_url(store.url);
  if (!address) return std::unexpected("store.url: " + address.error());
  address->tls_ca = store.tls_ca;
  address->tls_verify = store.tls_verify;
  address->tls_server_name = store.tls_server_name;
  return address;
}

}  // namespace

std::expected<std::unique_ptr<Store>, std::string> open_redis_store(const Config& config,
                                                                    const Log& log) {
  auto address = address_of(config.store);
  if (!address) return std::unexpected(std::move(address.error()));
  ledger::RedisOptions options;
  options.address = std::move(*address);
  options.name_space = config.store.name_space;
  options.usage_retention = config.store.usage_retention;
  options.must_be_reachable = false;
  options.log = [&log](std::string_view what) { log.warn("redis", {{"what", what}}); };
  auto ledger = ledger::RedisLedger::open(std::move(options));
  if (!ledger) return std::unexpected("cannot use the Redis of store.url: " + ledger.error());
  return std::make_unique<RedisStore>(std::move(*ledger), log);
}

}  // namespace budget
