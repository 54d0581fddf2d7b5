#include "tests/admin/admin_under_test.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/json/parse.hpp>
#include <fstream>
#include <iterator>
#include <optional>

namespace budget::admin {
namespace {

policy::Policy make_policy(std::string name, policy::PolicyType type, policy::Limits limits) {
  policy::Policy made;
  made.id = "team/" + name;
  made.name = std::move(name);
  made.type = type;
  made.limits = limits;
  return made;
}

policy::PolicyConfig policies() {
  policy::Budget team;
  team.name = "team";
  team.owner = "platform";
  team.policies.push_back(make_policy("daily-cap", policy::PolicyType::hard_limit,
                                      {.cost = pricing::Money(1'000'000'000)}));
  team.policies.push_back(
      make_policy("by-component", policy::PolicyType::warn, {.tokens = pricing::Tokens(1000)}));
  team.policies.back().per = {{policy::Partition::Kind::component, ""}};
  team.policies.push_back(make_policy("rolling", policy::PolicyType::ignore, {}));
  team.policies.back().period.kind = policy::Period::Kind::rolling;
  team.policies.back().period.rolling = std::chrono::hours(5);
  policy::Budget idle;
  idle.name = "idle";
  idle.policies.push_back(
      make_policy("anthropic", policy::PolicyType::hard_limit, {.cost = pricing::Money(1)}));
  idle.policies.back().id = "idle/anthropic";
  idle.policies.back().match.provider = {"anthropic"};
  idle.policies.back().enabled = false;
  return {{team, idle}, {{"heavy", {"gpt-4o"}}}};
}

}  // namespace

std::string Told::error() const {
  const auto* error = body.is_object() ? body.get_object().if_contains("error") : nullptr;
  return error ? std::string(std::string_view(error->at("code").as_string())) : "";
}

std::string Told::message() const {
  return std::string(std::string_view(body.at("error").at("message").as_string()));
}

std::string Told::header(std::string_view name) const {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

AdminUnderTest::AdminUnderTest(bool configured_keys) : configured_keys_(configured_keys) {
  std::string path = (std::filesystem::temp_directory_path() / "budget-admin-XXXXXX").string();
  if (!::mkdtemp(path.data())) std::abort();
  folder = path;
  file = policies();
  view->catalog = pricing::Catalog::shipped();
  view->providers.push_back({"openai", "openai", "https://api.openai.com", {"openai", "openai"}});
  view->config_file = "budget.yaml";
  ledger::EmbeddedOptions options;
  options.path = (folder / "ledger").string();
  options.clock = &clock;
  options.ring_bytes = 1U << 20;
  ledger = ledger::EmbeddedLedger::open(options).value();
  restart();
}

AdminUnderTest::~AdminUnderTest() {
  service.reset();
  ledger.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

void AdminUnderTest::restart() {
  service.reset();
  ServiceOptions options{.clock = clock,
                         .ledger = *ledger,
                         .usage = ledger->usage(),
                         .view =
                             [this] {
                               const std::lock_guard lock(view_mutex_);
                               return view;
                             },
                         .metrics = [this] { return families; },
                         .counters =
                             [this] {
                               const std::lock_guard lock(view_mutex_);
                               return counters;
                             },
                         .folder = folder.string(),
                         .admin_keys = {},
                         .state = state,
                         .http = http,
                         .mailer = mailer,
                         .alert_channels = alerts,
                         .policies_changed = [this] { merge(); }};
  if (configured_keys_) {
    options.admin_keys = {{"v", "viewer", std::string(viewer_key)},
                          {"o", "operator", std::string(operator_key)},
                          {"a", "admin", std::string(admin_key)}};
    if (!viewer_is_known) options.admin_keys.erase(options.admin_keys.begin());
  }
  service = make_service(std::move(options)).value();
  merge();
}

void AdminUnderTest::merge() {
  if (!service) return;  // restart() does it, once there is one
  policy::PolicyContext context;
  context.providers = {{"openai", {"openai"}}, {"anthropic", {"anthropic"}}};
  const auto merged = service->merge_policies(file, context);
  const std::lock_guard lock(view_mutex_);
  auto next = std::make_shared<View>(*view);
  next->policies = policy::PolicySet::compile(merged->in_force).value();
  next->merged = merged;
  view = std::move(next);
}

void AdminUnderTest::run_task(boost::asio::awaitable<void, Api::Executor> task) {
  boost::asio::io_context context{1};
  boost::asio::co_spawn(context, std::move(task), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  });
  context.run();
}

void AdminUnderTest::tell_call(const std::string& id, const std::string& component,
                               std::int64_t cost_nano) {
  ledger::UsageRecord record;
  record.request_id = id;
  record.timestamp = record.ended_at = clock.now();
  record.caller.component = component;
  record.provider = "openai";
  record.model = record.requested_model = "gpt-4o";
  record.cost.total = pricing::Money(cost_nano);
  const policy::CallFacts facts{
      .caller = &record.caller, .provider = record.provider, .model = record.model};
  const policy::Plan plan = view->policies->plan(facts, clock.now());
  std::vector<policy::CounterRef> lines;
  for (const policy::PlannedLine& line : plan.lines) lines.push_back(line.counter);
  const auto states = run(ledger->read(std::move(lines), clock.now()));
  ASSERT_TRUE(states.has_value());
  service->calls().settled({record, plan, *states, {}});
}

Told AdminUnderTest::ask(std::string method, std::string target, std::string body) {
  return ask_with({{"x-api-key", std::string(admin_key)}}, std::move(method), std::move(target),
                  std::move(body));
}

Told AdminUnderTest::ask_with(std::vector<std::pair<std::string, std::string>> headers,
                              std::string method, std::string target, std::string body) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  ApiRequest request{std::move(method), target.substr(0, mark),
                     target.substr(std::min(mark + 1, target.size())), std::move(headers),
                     std::move(body)};
  Told told{run(service->api().handle(std::move(request))), {}};
  boost::system::error_code ignored;
  told.body = boost::json::parse(told.response.body, ignored);
  return told;
}

void AdminUnderTest::reserve(ledger::UsageRecord& record, const ledger::Amount& amount) {
  const policy::CallFacts facts{.caller = &record.caller,
                                .provider = record.provider,
                                .model = record.model,
                                .operation = record.operation};
  const policy::Plan plan = view->policies->plan(facts, clock.now());
  ledger::ReserveRequest request;
  request.id = record.request_id;
  request.now = clock.now();
  request.lease_until = clock.now() + std::chrono::minutes(1);
  for (const policy::PlannedLine& line : plan.lines) {
    request.lines.push_back({line.counter, line.enforcement, line.limits, amount});
    record.policies.push_back(line.policy->id);
    const std::lock_guard lock(view_mutex_);
    counters.push_back(line.counter);
  }
  request.if_lapsed = record;
  const auto outcome = run(ledger->reserve(std::move(request)));
  ASSERT_TRUE(outcome.has_value());
  ASSERT_FALSE(outcome->shortfall.has_value());
}

void AdminUnderTest::play_call(const std::string& id, const std::string& component,
                               std::int64_t input, std::int64_t output, std::int64_t cost_nano,
                               bool stays_open) {
  ledger::UsageRecord record;
  record.request_id = id;
  record.timestamp = clock.now();
  record.ended_at = clock.now() + std::chrono::milliseconds(250);
  record.caller.component = component;
  record.caller.tags = {{"team", "research"}};
  record.provider = "openai";
  record.model = record.requested_model = "gpt-4o";
  record.operation = "chat";
  record.status = 200;
  record.usage.input = pricing::Tokens(input);
  record.usage.output = pricing::Tokens(output);
  record.cost.output = record.cost.total = pricing::Money(cost_nano);
  record.estimated = stays_open;
  reserve(record, {record.cost.total, record.usage.input, record.usage.output});
  if (stays_open) return;
  const auto settled = run(ledger->settle(record));
  ASSERT_TRUE(settled.has_value());
}

void AdminUnderTest::play_lapsed_call(const std::string& id) {
  play_call(id, "apollo", 100, 1000, 500'000'000, true);
  clock.time += std::chrono::minutes(2);
  const auto reaped = run(ledger->reap(clock.now()));
  ASSERT_EQ(reaped.value_or(0), 1U);
}

}  // namespace budget::admin
