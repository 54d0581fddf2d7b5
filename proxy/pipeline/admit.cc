#include "proxy/pipeline/admit.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "proxy/pipeline/answer.h"
#include "proxy/pipeline/downgrade.h"
#include "proxy/pipeline/estimate.h"
#include "proxy/pipeline/provisional.h"

namespace budget::pipeline {
namespace {

namespace asio = boost::asio;
using policy::Action;
using pricing::Tokens;

// How far an incremental hold runs ahead of what has been said.
constexpr Tokens incremental_step(1'024);
// How often a queued call looks again, and how often a clamp is fitted anew
// when other calls take the room in between.
constexpr std::chrono::milliseconds queue_look_again{20};
constexpr int clamp_tries = 3;

using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, net::Executor>;

// What a reservation came to.
struct Attempt {
  std::optional<ledger::ReserveOutcome> outcome;
  std::optional<ledger::LedgerError> failure;
  ledger::Amount amount;

  [[nodiscard]] bool admitted() const { return outcome && !outcome->shortfall; }
  [[nodiscard]] bool refused() const { return outcome && outcome->shortfall; }
};

wire::Problem store_problem(ledger::LedgerError error) {
  wire::Problem problem;
  problem.kind = wire::ProblemKind::store_unavailable;
  problem.message =
      error == ledger::LedgerError::backlog_full
          ? "The budget store is away, and what it is owed has no more room on disk. Try again "
            "shortly."
          : "The budget store cannot be asked (" + std::string(ledger::name_of(error)) +
                "), and a hard limit applies to this call. Try again shortly.";
  problem.retry_after_s = 1;
  return problem;
}

class Admission {
 public:
  explicit Admission(Call& call) : call_(call) {}

  net::Awaitable<std::optional<wire::Problem>> run();

 private:
  net::Awaitable<Attempt> reserve();
  net::Awaitable<Attempt> try_actions(Attempt refused);
  net::Awaitable<Attempt> clamp(Attempt refused, Tokens least);
  net::Awaitable<Attempt> downgrade(const Action& action, Attempt refused);
  net::Awaitable<Attempt> queue(const Action& action, Attempt refused);

  void plan();
  void find_allocation();
  std::optional<Tokens> ceiling_that_fits(const Attempt& refused) const;
  [[nodiscard]] bool can_ever_fit(const Attempt& refused) const;
  [[nodiscard]] const policy::Policy& refusing(const Attempt& attempt) const {
    return *call_.plan.lines[attempt.outcome->shortfall->line].policy;
  }
  void accept(const Attempt& attempt);
  wire::Problem refuse(const Attempt& attempt);
  ledger::ReserveRequest request();
  net::Awaitable<std::optional<wire::Problem>> without_store(ledger::LedgerError error);

  Call& call_;
  policy::Verdict verdict_ = policy::Verdict::allow;
  // The allocation is the context's, not named by the call.
  bool allocation_found_ = false;
};

void Admission::plan() {
  const policy::CallFacts facts{.caller = &call_.caller,
                                .provider = call_.provider->config.name,
                                .model = call_.model,
                                .operation = wire::name_of(call_.route.operation),
                                .stream = call_.facts.stream};
  call_.plan = call_.snapshot().policies->plan(facts, call_.admitted_at);
}

void Admission::find_allocation() {
  policy::Caller& caller = call_.caller;
  if (!caller.allocation_id.empty() || caller.context_id.empty()) return;
  caller.allocation_id = call_.services().allocations.of_context(
      caller.context_id, caller.component, call_.admitted_at);
  allocation_found_ = !caller.allocation_id.empty();
}

ledger::ReserveRequest Admission::request() {
  const ledger::Amount worst = worst_amount(call_);
  const Tokens first_step = std::min(incremental_step, call_.worst.output_ceiling);
  const ledger::Amount first = call_.facts.stream ? amount_at(call_, first_step) : worst;

  ledger::ReserveRequest request;
  request.id = call_.request_id;
  request.now = call_.admitted_at;
  request.lease_until = lease_end(call_, call_.admitted_at);
  request.allocation_id = call_.caller.allocation_id;
  request.lines.reserve(call_.plan.lines.size());
  call_.incremental = false;
  for (const policy::PlannedLine& line : call_.plan.lines) {
    // What cannot be cut cannot be held in steps.
    const bool steps = call_.facts.stream && !call_.facts.detached &&
                       line.policy->reserve == policy::Reserve::incremental;
    call_.incremental = call_.incremental || steps;
    const bool may_pass = line.policy->stream_overrun == policy::StreamOverrun::finish;
    request.lines.push_back(
        {line.counter, line.enforcement, line.limits, steps ? first : worst, may_pass});
  }
  call_.held = call_.incremental ? first : worst;
  // A call that is cut where its growing hold cannot grow has never said more
  // than is held: charging more if the proxy dies could pass the limit. One
  // that no policy cuts goes on while the store is away.
  const bool bounded_by_hold = call_.incremental && call_.cut_with_its_hold();
  request.if_lapsed =
      provisional_record(call_, bounded_by_hold ? first_step : call_.worst.output_ceiling);
  return request;
}

net::Awaitable<Attempt> Admission::reserve() {
  ledger::ReserveRequest asked = request();
  Metrics& metrics = call_.services().metrics;
  const net::SteadyTime before = std::chrono::steady_clock::now();
  auto result = co_await call_.services().ledger.reserve(std::move(asked));
  // It has ended meanwhile, on another replica perhaps: the call goes without.
  if (!result && allocation_found_ && result.error() == ledger::LedgerError::no_such_allocation) {
    call_.caller.allocation_id.clear();
    allocation_found_ = false;
    ledger::ReserveRequest without = request();
    result = co_await call_.services().ledger.reserve(std::move(without));
  }
  metrics.store_reserve.observe(std::chrono::steady_clock::now() - before);
  Attempt attempt;
  attempt.amount = worst_amount(call_);
  if (result) {
    attempt.outcome = std::move(*result);
  } else {
    attempt.failure = result.error();
    // That an allocation is over is an answer.
    if (result.error() != ledger::LedgerError::no_such_allocation) {
      Metrics::add(metrics.store_reserve_errors);
    }
  }
  co_return attempt;
}

net::Awaitable<std::optional<wire::Problem>> Admission::run() {
  plan();
  find_allocation();
  Attempt attempt = co_await reserve();
  // Nothing is refused on the bound alone.
  if (attempt.refused() && count_input_exactly(call_)) attempt = co_await reserve();
  if (attempt.refused() && !call_.facts.max_output &&
      refusing(attempt).type == policy::PolicyType::hard_limit) {
    const Tokens least = refusing(attempt).clamp_min;
    attempt = co_await clamp(std::move(attempt), least);
  }
  if (attempt.refused()) attempt = co_await try_actions(std::move(attempt));
  if (attempt.failure) co_return co_await without_store(*attempt.failure);
  if (attempt.refused()) co_return refuse(attempt);
  accept(attempt);
  co_return std::nullopt;
}

net::Awaitable<Attempt> Admission::try_actions(Attempt refused) {
  // Copies: planning for another model replaces the plan they came from.
  const std::vector<Action> actions = refusing(refused).when_exceeded;
  const Tokens least = refusing(refused).clamp_min;
  Attempt last = std::move(refused);
  for (const Action& action : actions) {
    switch (action.kind) {
      case Action::Kind::clamp:
        last = co_await clamp(std::move(last), least);
        break;
      case Action::Kind::downgrade:
        last = co_await downgrade(action, std::move(last));
        break;
      case Action::Kind::queue:
        last = co_await queue(action, std::move(last));
        break;
    }
    if (!last.refused()) break;
  }
  co_return last;
}

// The largest ceiling over all choices that every line has room for.
std::optional<Tokens> Admission::ceiling_that_fits(const Attempt& refused) const {
  const policy::Room room = policy::room_left(call_.plan, refused.outcome->states);
  Tokens ceiling = call_.worst.output_ceiling;
  if (room.input_tokens && call_.worst.input > *room.input_tokens) return std::nullopt;
  if (room.tokens) ceiling = std::min(ceiling, *room.tokens - call_.worst.input);
  if (room.output_tokens) ceiling = std::min(ceiling, *room.output_tokens);
  if (room.cost) {
    ceiling = std::min(ceiling, pricing::output_that_fits(call_.worst, call_.price, *room.cost));
  }
  return ceiling;
}

net::Awaitable<Attempt> Admission::clamp(Attempt refused, Tokens least) {
  if (!call_.facts.has_output || !call_.facts.ceiling_settable) co_return refused;
  const Tokens unclamped = call_.worst.output_ceiling;
  const auto rewrite_before = call_.rewrite.max_output;
  policy::hold_to_limit(call_.plan, refusing(refused));
  for (int tries = 0; tries < clamp_tries && refused.refused(); ++tries) {
    const auto fits = ceiling_that_fits(refused);
    const std::int64_t choices = std::max<std::int64_t>(1, call_.facts.choices);
    const std::int64_t one = fits ? fits->value() / choices : 0;
    if (one < least.value() || one <= 0) break;
    call_.worst.output_ceiling = Tokens(one * choices);
    call_.rewrite.max_output = one;
    refused = co_await reserve();
  }
  if (refused.refused()) {
    call_.worst.output_ceiling = unclamped;
    call_.rewrite.max_output = rewrite_before;
    plan();
  } else {
    verdict_ = policy::Verdict::clamp;
  }
  co_return refused;
}

net::Awaitable<Attempt> Admission::downgrade(const Action& action, Attempt refused) {
  const DowngradeTarget before = target_now(call_);
  const policy::Policy& policy = refusing(refused);
  for (const std::string& entry : action.models) {
    const auto target = downgrade_target(call_, before, entry);
    if (!target || !use_target(call_, *target)) continue;
    plan();
    policy::hold_to_limit(call_.plan, policy);
    Attempt attempt = co_await reserve();
    if (attempt.refused() && count_input_exactly(call_)) attempt = co_await reserve();
    if (attempt.refused()) continue;
    verdict_ = policy::Verdict::downgrade;
    call_.rewrite.model = call_.model;
    call_.rerouted = target->provider != before.provider;
    co_return attempt;
  }
  use_target(call_, before);
  count_input_exactly(call_);
  plan();
  co_return refused;
}

// Whether the refusing counter, were it empty, would have room for the call.
bool Admission::can_ever_fit(const Attempt& refused) const {
  const policy::PlannedLine& line = call_.plan.lines[refused.outcome->shortfall->line];
  return !policy::broken_limit(line.enforcement, line.limits, {}, refused.amount);
}

net::Awaitable<Attempt> Admission::queue(const Action& action, Attempt refused) {
  const net::SteadyTime until = std::chrono::steady_clock::now() + action.wait;
  Timer timer(call_.state->io.get_executor());
  bool client_gone = false;
  if (!call_.request.may_half_close) {
    call_.request.client.watch_hang_up([&client_gone, &timer] {
      client_gone = true;
      timer.cancel();
    });
  }
  while (refused.refused() && can_ever_fit(refused) && !client_gone &&
         std::chrono::steady_clock::now() < until) {
    timer.expires_after(queue_look_again);
    co_await timer.async_wait(asio::as_tuple(net::use_awaitable));
    if (client_gone) break;
    // A call belongs to the period in which it is let in, not to the one in
    // which it came.
    call_.admitted_at = call_.services().clock.now();
    plan();
    refused = co_await reserve();
    if (refused.admitted()) verdict_ = policy::Verdict::queue;
  }
  call_.request.client.stop_watching();
  co_return refused;
}

void Admission::accept(const Attempt& attempt) {
  call_.holding = true;
  call_.decision = policy::decide_admitted(call_.plan, attempt.outcome->states, attempt.amount,
                                           call_.snapshot().config.error_amounts);
  if (verdict_ != policy::Verdict::allow) call_.decision.verdict = verdict_;
  call_.services().watcher.admitted(call_.plan, attempt.outcome->states);
  Metrics::add(call_.services().metrics.shadow_denials,
               static_cast<std::int64_t>(call_.decision.shadow_denials.size()));
}

wire::Problem Admission::refuse(const Attempt& attempt) {
  const ledger::Shortfall& shortfall = *attempt.outcome->shortfall;
  call_.decision = policy::decide_refused(call_.plan, attempt.outcome->states, attempt.amount,
                                          shortfall.line, shortfall.unit);
  return refusal_of(call_, *call_.decision.denial);
}

net::Awaitable<std::optional<wire::Problem>> Admission::without_store(ledger::LedgerError error) {
  if (error == ledger::LedgerError::no_such_allocation) {
    wire::Problem problem;
    problem.kind = wire::ProblemKind::invalid_request;
    problem.message = "There is no open allocation '" + call_.caller.allocation_id + "'.";
    co_return problem;
  }
  call_.services().watcher.store_failed(error);
  if (call_.passes_without_store() && error != ledger::LedgerError::backlog_full) {
    ledger::ReserveRequest asked = request();
    const auto known = co_await call_.services().ledger.admit_unheld(std::move(asked));
    if (known) {
      Metrics::add(call_.services().metrics.fail_open);
      call_.services().log.warn(LogModule::store, "let_through",
                                {{"request_id", call_.request_id},
                                 {"component", call_.caller.component},
                                 {"why", ledger::name_of(error)}});
      call_.decision.verdict = policy::Verdict::allow;
      co_return std::nullopt;
    }
    error = known.error();
  }
  // It may be held all the same; nobody must be charged for a call that never was.
  if (error == ledger::LedgerError::timeout) {
    co_await call_.services().ledger.release(call_.request_id);
  }
  co_return store_problem(error);
}

}  // namespace

net::Awaitable<std::optional<wire::Problem>> admit_call(Call& call) {
  Admission admission(call);
  co_return co_await admission.run();
}

net::Awaitable<std::optional<wire::Problem>> admit_unmetered(Call& call) {
  ledger::ReserveRequest request;
  request.id = call.request_id;
  request.now = call.admitted_at;
  request.lease_until = lease_end(call, call.admitted_at);
  request.if_lapsed = blank_record(call);
  request.if_lapsed.unpriced = true;
  request.if_lapsed.estimated = true;
  request.if_lapsed.error = "interrupted";
  const auto held = co_await call.services().ledger.reserve(request);
  call.holding = held.has_value();
  if (held) co_return std::nullopt;
  // No limit stands against it: with the store away it is recorded afterwards,
  // if there is room to remember it.
  if (held.error() == ledger::LedgerError::backlog_full) co_return store_problem(held.error());
  const auto known = co_await call.services().ledger.admit_unheld(std::move(request));
  if (!known) co_return store_problem(known.error());
  co_return std::nullopt;
}

net::Awaitable<std::optional<wire::Problem>> judge_dry_run(Call& call) {
  const policy::CallFacts facts{.caller = &call.caller,
                                .provider = call.provider->config.name,
                                .model = call.model,
                                .operation = wire::name_of(call.route.operation),
                                .stream = call.facts.stream};
  count_input_exactly(call);
  call.plan = call.snapshot().policies->plan(facts, call.admitted_at);
  std::vector<policy::CounterRef> counters;
  for (const policy::PlannedLine& line : call.plan.lines) counters.push_back(line.counter);
  auto states = co_await call.services().ledger.read(std::move(counters), call.admitted_at);
  if (!states) {
    wire::Problem problem;
    problem.kind = wire::ProblemKind::store_unavailable;
    problem.message = "The budget store cannot be asked.";
    co_return problem;
  }
  call.states = std::move(*states);
  call.held = worst_amount(call);
  for (std::size_t i = 0; i < call.plan.lines.size(); ++i) {
    const policy::PlannedLine& line = call.plan.lines[i];
    const auto unit =
        policy::broken_limit(line.enforcement, line.limits, call.states[i], call.held);
    if (!unit) continue;
    call.decision = policy::decide_refused(call.plan, call.states, call.held, i, *unit);
    co_return std::nullopt;
  }
  call.decision = policy::decide_admitted(call.plan, call.states, call.held);
  co_return std::nullopt;
}

}  // namespace budget::pipeline
