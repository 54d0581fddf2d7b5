#include "admin/service.h"

#include <exception>
#include <utility>

#include "admin/admin_key_file.h"
#include "admin/context.h"
#include "admin/routes.h"
#include "admin/state/sqlite_state_store.h"
#include "admin/state/state_watch.h"

namespace budget::admin {
namespace {

constexpr std::size_t blocking_threads = 2;
constexpr std::size_t assistant_threads = 4;

ApiResponse no_such_method(const RouteMatch& match) {
  std::string allowed;
  for (const std::string_view method : match.allowed) {
    if (!allowed.empty()) allowed += ", ";
    allowed += method;
    if (method == "GET") allowed += ", HEAD";
  }
  ApiResponse response = failure({ErrorCode::invalid_request,
                                  "This method is not for this path; there are " + allowed + ".",
                                  {},
                                  405});
  response.headers.emplace_back("allow", allowed);
  return response;
}

ApiResponse unidentified(const Failure& why) {
  ApiResponse response = failure(why);
  response.headers.emplace_back("www-authenticate", "Bearer realm=\"budget\"");
  if (response.status == 429) {
    response.headers.emplace_back("retry-after", std::to_string(Auth::failures_window.count()));
  }
  return response;
}

class TheService final : public Service, public Api, public CallWatcher {
 public:
  // `own_state` is null where options.state is another's.
  TheService(ServiceOptions options, const std::vector<AdminKey>& admin_keys,
             std::unique_ptr<StateStore> own_state, std::unique_ptr<KeyStore> keys,
             std::unique_ptr<RuntimePolicies> policies, std::string generated)
      : own_state_(std::move(own_state)),
        auth_(admin_keys),
        keys_(std::move(keys)),
        policies_(std::move(policies)),
        allocations_(*options.state),
        generated_(std::move(generated)),
        watch_(*options.state, pool_),
        live_(options.clock, options.view, *options.state),
        prices_({.clock = options.clock,
                 .state = *options.state,
                 .events = live_.events(),
                 .http = options.http,
                 .alerts = options.alerts,
                 .view = options.view,
                 .publish = std::move(options.use_catalog)}),
        assistant_key_(*keys_, options.view),
        assistant_{options.http, std::move(options.own_url), &assistant_key_, &assistant_pool_},
        services_{options.clock,
                  options.ledger,
                  options.usage,
                  std::move(options.view),
                  std::move(options.metrics),
                  std::move(options.counters),
                  auth_,
                  *keys_,
                  *policies_,
                  allocations_,
                  prices_,
                  *options.state,
                  options.http,
                  live_.events(),
                  live_.chat(),
                  live_,
                  pool_,
                  assistant_} {
    watch_.on(std::string(TeamChat::log), [this] { live_.chat().tell(); });
    watch_.on(std::string(KeyStore::collection), [this] { keys_->reload(); });
    for (const std::string_view name : {RuntimePolicies::budgets, RuntimePolicies::overrides}) {
      watch_.on(std::string(name), [this] { policies_->refresh(); });
    }
    // What changed between reading all this and watching it.
    keys_->reload();
    watch_.on(std::string(PriceBook::rows_collection), [this] { prices_.wake(); });
    policies_->refresh();
  }
  ~TheService() override { close(); }
  TheService(const TheService&) = delete;
  TheService& operator=(const TheService&) = delete;

  Api& api() override { return *this; }
  CallWatcher& calls() override { return *this; }
  const KeyDirectory& keys() const override { return assistant_key_; }
  std::string generated_key_file() const override { return generated_; }
  void start() override {
    prices_.start([](const std::string&) {});
  }
  void config_changed() override { prices_.wake(); }
  // Prices that cannot be read again are an error: calls would be priced by
  // what shipped, without a word.
  std::expected<void, std::string> load() {
    if (prices_.load()) return {};
    return std::unexpected("the prices in the store of run-time state cannot be read");
  }
  void close() override {
    prices_.close();
    watch_.close();
    live_.close();
    assistant_pool_.join();
    pool_.join();
    policies_->close();
  }
  std::shared_ptr<const MergedPolicies> merge_policies(
      policy::PolicyConfig file, policy::PolicyContext context) const override {
    return policies_->merge(std::move(file), std::move(context), services_.clock.now());
  }

  Answer handle(ApiRequest request) override {
    const RouteMatch match = match_route(routes(), request.method, request.path);
    Context context{services_, request, {}, match.params, services_.view(), services_.clock.now()};
    // Whoever shows no key learns nothing of the API, not even what there is.
    if (!match.route || match.route->role != Role::anyone) {
      auto principal = auth_.identify(request, context.now);
      if (!principal) co_return unidentified(principal.error());
      context.principal = std::move(*principal);
    }
    if (!match.route) {
      if (!match.allowed.empty()) co_return no_such_method(match);
      co_return failure({ErrorCode::resource_not_found, "There is nothing at this path.", {}, 0});
    }
    if (context.principal.role < match.route->role) co_return forbidden(*match.route);
    try {
      co_return co_await match.route->handler(context);
    } catch (const std::exception& error) {
      // A bug, or no memory: this request fails, and the worker lives on.
      co_return failure({ErrorCode::internal_error, error.what(), {}, 500});
    }
  }

  Awaitable<std::expected<std::unique_ptr<Watch>, ApiResponse>> watch(
      ApiRequest request, std::function<void()> wake) override {
    const LiveParts parts{live_.events(), auth_, live_.chat(), services_.clock, pool_};
    co_return make_live_watch(parts, request, std::move(wake), std::chrono::steady_clock::now());
  }

  void admitted(const policy::Plan& plan,
                const std::vector<policy::CounterState>& states) override {
    live_.calls().touched(plan, states);
  }
  void settled(const SettledCall& call) override {
    live_.calls().ended(call.record);
    live_.calls().touched(call.plan, call.states);
  }
  void refused(const RefusedCall& call) override { live_.calls().refused(call); }
  void drifted(std::string_view, std::string_view, std::int64_t, std::int64_t) override {}
  void store_failed(ledger::LedgerError) override {}

 private:
  static ApiResponse forbidden(const Route& route) {
    return failure({ErrorCode::authorization_error,
                    "This needs the role " + std::string(name_of(route.role)) + ".",
                    {{"role", name_of(route.role)}},
                    0});
  }

  std::unique_ptr<StateStore> own_state_;
  Auth auth_;
  std::unique_ptr<KeyStore> keys_;
  std::unique_ptr<RuntimePolicies> policies_;
  AllocationNotes allocations_;
  std::string generated_;
  boost::asio::thread_pool pool_{blocking_threads};
  StateWatch watch_;
  LiveFeed live_;
  PriceFeed prices_;
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
  auto policies = RuntimePolicies::open(*options.state, options.clock,
                                        std::exchange(options.policies_changed, {}));
  if (!policies) return std::unexpected(policies.error());
  auto service =
      std::make_unique<TheService>(std::move(options), admin_keys, std::move(own_state),
                                   std::move(*keys), std::move(*policies), std::move(generated));
  if (auto loaded = service->load(); !loaded) return std::unexpected(std::move(loaded.error()));
  return service;
}

}  // namespace budget::admin
