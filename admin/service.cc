#include "admin/service.h"

#include <utility>

#include "admin/admin_key_file.h"
#include "admin/context.h"
#include "admin/dispatch.h"
#include "admin/identify.h"
#include "admin/state/sqlite_state_store.h"
#include "admin/state/state_watch.h"

namespace budget::admin {
namespace {

constexpr std::size_t blocking_threads = 2;
constexpr std::size_t assistant_threads = 4;

AlertChannelSource without_channels() {
  return [none = std::make_shared<const AlertChannels>()] { return none; };
}

class TheService final : public Service, public Api, public KeyDirectory, public CallWatcher {
 public:
  // `own_state` is null where options.state is another's.
  TheService(ServiceOptions options, const std::vector<AdminKey>& admin_keys,
             std::unique_ptr<StateStore> own_state, std::unique_ptr<KeyStore> keys,
             std::unique_ptr<RuntimePolicies> policies, std::string generated)
      : own_state_(std::move(own_state)),
        sessions_(*options.state),
        auth_(admin_keys, &sessions_),
        keys_(std::move(keys)),
        policies_(std::move(policies)),
        allocations_(*options.state),
        idempotency_(*options.state),
        generated_(std::move(generated)),
        watch_(*options.state, pool_),
        live_(options.clock, options.view, *options.state, options.background_failed),
        alerts_({options.clock, options.ledger, options.usage, options.view, options.counters},
                *options.state, live_.events(),
                {options.clock, *options.state, options.http, options.mailer,
                 options.alert_channels ? options.alert_channels : without_channels()}),
        prices_({.clock = options.clock,
                 .state = *options.state,
                 .events = live_.events(),
                 .http = options.http,
                 .alerts = &alerts_.alerts(),
                 .view = options.view,
                 .publish = std::move(options.use_catalog)}),
        hermes_(options.view, options.http),
        hermes_changed_(std::move(options.hermes_changed)),
        background_failed_(std::move(options.background_failed)),
        assistant_key_(options.view),
        assistant_{options.http, std::move(options.own_url), &assistant_key_, &assistant_pool_},
        services_{options.clock,
                  options.ledger,
                  options.usage,
                  std::move(options.view),
                  std::move(options.metrics),
                  std::move(options.counters),
                  auth_,
                  sessions_,
                  idempotency_,
                  *keys_,
                  *policies_,
                  allocations_,
                  prices_,
                  *options.state,
                  options.http,
                  live_.events(),
                  live_.chat(),
                  live_,
                  hermes_,
                  alerts_,
                  pool_,
                  assistant_} {
    watch_.on(std::string(TeamChat::log), [this] { live_.chat().tell(); });
    watch_.on(std::string(Sessions::collection), [this] { sessions_.recheck(); });
    watch_.on(std::string(AlertBook::log), [this] { alerts_.alerts().tell(); });
    watch_.on(std::string(AlertSettingsStore::collection), [this] {
      alerts_.alerts().settings().reload();
      alerts_.refresh();
    });
    alerts_.start(background_failed_);
    watch_.on(std::string(KeyStore::collection), [this] { keys_->reload(); });
    for (const std::string_view name : {RuntimePolicies::budgets, RuntimePolicies::overrides}) {
      watch_.on(std::string(name), [this] { policies_->refresh(); });
    }
    watch_.on(std::string(AllocationNotes::collection), [this] { allocations_.reload(); });
    // What changed between reading all this and watching it.
    allocations_.reload();
    keys_->reload();
    watch_.on(std::string(PriceBook::rows_collection), [this] { prices_.wake(); });
    policies_->refresh();
  }
  ~TheService() override { close(); }
  TheService(const TheService&) = delete;
  TheService& operator=(const TheService&) = delete;

  Api& api() override { return *this; }
  CallWatcher& calls() override { return *this; }
  const KeyDirectory& keys() const override { return *this; }
  const AllocationDirectory& allocations() const override { return allocations_; }
  std::string generated_key_file() const override { return generated_; }
  void start() override {
    prices_.start(background_failed_);
    hermes_.start(
        [this](const HermesStatus& status) {
          if (hermes_changed_) hermes_changed_(name_of(status.state), status.problem);
        },
        background_failed_);
  }
  void config_changed() override {
    prices_.wake();
    hermes_.wake();
  }
  // Prices that cannot be read again are an error: calls would be priced by
  // what shipped, without a word.
  std::expected<void, std::string> load() {
    if (prices_.load()) return {};
    return std::unexpected("the prices in the store of run-time state cannot be read");
  }
  void close() override {
    hermes_.close();
    prices_.close();
    watch_.close();
    alerts_.close();
    live_.close();
    assistant_pool_.join();
    pool_.join();
    policies_->close();
  }
  std::shared_ptr<const MergedPolicies> merge_policies(
      policy::PolicyConfig file, policy::PolicyContext context) const override {
    return policies_->merge(std::move(file), std::move(context), services_.clock.now());
  }

  Answer handle(ApiRequest request) override { return dispatch(services_, std::move(request)); }

  std::shared_ptr<const KeyGrant> find(std::string_view presented,
                                       policy::Time now) const override {
    if (auto own = assistant_key_.find(presented)) return own;
    return keys_->find(presented, now);
  }
  bool is_admin_key(std::string_view presented) const override {
    return auth_.of_digest(digest_of(presented)).has_value();
  }

  Awaitable<std::expected<std::unique_ptr<Watch>, ApiResponse>> watch(
      ApiRequest request, std::function<void()> wake) override {
    // A watch asks again and again, without blocking, who is there: by then the
    // cookie's session is at hand.
    if (presented_key(request).empty()) {
      static_cast<void>(co_await identify(services_, request, services_.clock.now()));
    }
    const LiveParts parts{live_.events(), auth_, live_.chat(), services_.clock, pool_};
    co_return make_live_watch(parts, request, std::move(wake), std::chrono::steady_clock::now());
  }

  void admitted(const policy::Plan& plan,
                const std::vector<policy::CounterState>& states) override {
    live_.calls().touched(plan, states);
  }
  void settled(const SettledCall& call) override {
    alerts_.calls().settled(call);
    live_.calls().ended(call.record);
    live_.calls().touched(call.plan, call.states);
  }
  void refused(const RefusedCall& call) override {
    alerts_.calls().refused(call);
    live_.calls().refused(call);
  }
  void drifted(std::string_view provider, std::string_view model, std::int64_t counted,
               std::int64_t told) override {
    alerts_.calls().drifted(provider, model, counted, told);
  }
  void store_failed(ledger::LedgerError error) override { alerts_.calls().store_failed(error); }

 private:
  std::unique_ptr<StateStore> own_state_;
  Sessions sessions_;
  Auth auth_;
  std::unique_ptr<KeyStore> keys_;
  std::unique_ptr<RuntimePolicies> policies_;
  AllocationNotes allocations_;
  Idempotency idempotency_;
  std::string generated_;
  boost::asio::thread_pool pool_{blocking_threads};
  StateWatch watch_;
  LiveFeed live_;
  AlertWatch alerts_;
  PriceFeed prices_;
  Hermes hermes_;
  std::function<void(std::string_view state, std::string_view why)> hermes_changed_;
  Background::OnError background_failed_;
  AssistantKey assistant_key_;
  boost::asio::thread_pool assistant_pool_{assistant_threads};
  AssistantLine assistant_;
  Services services_;
};

}  // namespace

bool is_admin_path(std::string_view path) {
  if (path == "/") return true;
  if (!path.starts_with('/')) return false;
  path.remove_prefix(1);
  const std::string_view first = path.substr(0, path.find('/'));
  for (const std::string_view own : {"api", "ws", "ui", "health", "ready", "metrics"}) {
    if (first == own) return true;
  }
  return false;
}

std::expected<std::unique_ptr<Service>, std::string> make_service(ServiceOptions options) {
  std::vector<AdminKey> admin_keys = std::exchange(options.admin_keys, {});
  std::string generated;
  if (admin_keys.empty()) {
    generated = options.folder + "/admin.key";
    auto key = admin_key_in(generated);
    if (!key) return std::unexpected(key.error());
    admin_keys.push_back({"generated", "admin", std::move(*key)});
  }
  if (auto problem = Auth::problem_in(admin_keys)) return std::unexpected(std::move(*problem));
  std::unique_ptr<StateStore> own_state;
  if (!options.state) {
    auto opened = SqliteStateStore::open(options.folder + "/admin.db", options.clock);
    if (!opened) return std::unexpected(opened.error());
    own_state = std::move(*opened);
    options.state = own_state.get();
  }
  auto keys = KeyStore::open(*options.state);
  if (!keys) return std::unexpected(keys.error());
  auto policies =
      RuntimePolicies::open(*options.state, options.clock,
                            std::exchange(options.policies_changed, {}), options.background_failed);
  if (!policies) return std::unexpected(policies.error());
  auto service =
      std::make_unique<TheService>(std::move(options), admin_keys, std::move(own_state),
                                   std::move(*keys), std::move(*policies), std::move(generated));
  if (auto loaded = service->load(); !loaded) return std::unexpected(std::move(loaded.error()));
  return service;
}

}  // namespace budget::admin
