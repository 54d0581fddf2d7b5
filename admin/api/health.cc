// Whether it lives, whether it can work, and what it has done.
#include <boost/json/serialize.hpp>
#include <string>
#include <utility>
#include <vector>

#include "admin/answer.h"
#include "admin/api/handlers.h"
#include "admin/budget_lines.h"
#include "admin/metrics.h"
#include "admin/policy_metrics.h"

namespace budget::admin {
namespace {

// A counter that nothing counts on: reading it asks the store and costs
// nothing else.
policy::CounterRef probe() {
  policy::CounterRef ref;
  ref.key = "health/probe||total";
  return ref;
}

Awaitable<std::string> store_problem(Context& context) {
  std::vector<policy::CounterRef> counters{probe()};
  const auto states = co_await context.services.ledger.read(std::move(counters), context.now);
  co_return states ? std::string() : std::string(ledger::name_of(states.error()));
}

// Empty while the store cannot be read: no figure is better than an old one.
Awaitable<std::vector<MetricFamily>> families_of_policies(Context& context) {
  auto list = [source = context.services.counters] { return live_counters(source); };
  const LiveCounters live = co_await run_blocking(context.services.pool, std::move(list));
  std::vector<BudgetLine> lines;
  for (const policy::Budget& budget : context.view->policies->config().budgets) {
    for (BudgetLine& line : lines_of(*context.view->policies, budget, live, context.now)) {
      lines.push_back(std::move(line));
    }
  }
  std::vector<policy::CounterRef> counters;
  counters.reserve(lines.size());
  for (const BudgetLine& line : lines) counters.push_back(line.counter);
  const auto states = co_await context.services.ledger.read(std::move(counters), context.now);
  co_return states ? policy_families(lines, *states) : std::vector<MetricFamily>{};
}

// Names all that was made through the API and is not enforced.
std::string policies_problem(const View& view) {
  std::string problem = view.policies_error;
  const auto add = [&problem](std::string_view kind, const std::vector<SkippedPolicy>& skipped) {
    for (const SkippedPolicy& each : skipped) {
      if (!problem.empty()) problem += "; ";
      problem.append("the ").append(kind).append(" '").append(each.id);
      problem.append("' is not enforced: ").append(each.why);
    }
  };
  add("budget", view.merged->skipped_budgets);
  add("policy", view.merged->skipped_policies);
  return problem;
}

json::object component(std::string_view problem) {
  json::object object{{"status", problem.empty() ? "ok" : "failing"}};
  if (!problem.empty()) object["message"] = problem;
  return object;
}

// Of the price sources: which cannot be read, and why. Prices stay in force.
std::string price_problem(Context& context) {
  std::string problem;
  for (const SourceState& state : context.services.prices.sources()) {
    if (state.error.empty()) continue;
    if (!problem.empty()) problem += "; ";
    problem += state.name + ": " + state.error;
  }
  return problem;
}

// A proxy that Hermes does not know of counts and refuses as ever: it is told
// here, and degrades nothing.
void put_hermes(json::object& components, const Context& context) {
  const HermesStatus status = context.services.hermes.status();
  if (status.state == HermesStatus::State::off) return;
  json::object object = component(status.problem);
  object["state"] = name_of(status.state);
  object["component_id"] = status.component_id;
  components["hermes"] = std::move(object);
}

ApiResponse plain(const json::object& body, int status) {
  ApiResponse response;
  response.status = status;
  response.body = json::serialize(body);
  response.headers.emplace_back("cache-control", "no-store");
  return response;
}

}  // namespace

// Always 200: a restart, which is what a failed liveness probe brings about,
// heals neither a store that is away nor a configuration that is wrong.
Answer get_health(Context& context) {
  const std::string store = co_await store_problem(context);
  const View& view = *context.view;
  json::object config = component(view.config_error);
  config["file"] = view.config_file;
  const std::string policies = policies_problem(view);
  const std::string prices = price_problem(context);
  const bool well =
      store.empty() && view.config_error.empty() && policies.empty() && prices.empty();
  json::object components{{"config", std::move(config)},
                          {"policies", component(policies)},
                          {"store", component(store)},
                          {"prices", component(prices)},
                          {"draining", view.draining}};
  put_hermes(components, context);
  co_return plain({{"status", well ? "ok" : "degraded"},
                   {"version", view.version},
                   {"workers", view.workers},
                   {"components", std::move(components)}},
                  200);
}

Answer get_ready(Context& context) {
  std::string why;
  if (context.view->draining) {
    why = "draining";
  } else if (const std::string store = co_await store_problem(context); !store.empty()) {
    why = "store " + store;
  }
  json::object body{{"ready", why.empty()}};
  if (!why.empty()) body["reason"] = why;
  co_return plain(body, why.empty() ? 200 : 503);
}

Answer get_metrics(Context& context) {
  if (!context.view->metrics) {
    co_return failure({ErrorCode::resource_not_found, "Metrics are turned off.", {}, 0});
  }
  const std::vector<MetricFamily> policies = co_await families_of_policies(context);
  ApiResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  auto write = [metrics = context.services.metrics, &live = context.services.live,
                &alerts = context.services.alerts, &policies] {
    return (metrics ? exposition_of(metrics()) : std::string()) + exposition_of(live.metrics()) +
           exposition_of(alerts.alerts().metrics()) + exposition_of(policies) +
           process_exposition();
  };
  response.body = co_await run_blocking(context.services.pool, std::move(write));
  co_return response;
}

}  // namespace budget::admin
