#include "admin/simulation.h"

#include <algorithm>
#include <utility>

#include "policy/ledger/amounts.h"

namespace budget::admin {
namespace {

using policy::Amount;
using policy::CounterState;
using policy::Enforcement;
using pricing::Money;
using pricing::Tokens;

std::string_view asked_model(const ledger::UsageRecord& record) {
  return record.requested_model.empty() ? record.model : record.requested_model;
}

Amount amount_of(const ledger::UsageRecord& record, Money cost) {
  return {cost, record.usage.input_total(), record.usage.output_total()};
}

// a * b / c, rounded up. REQUIRES: a, b >= 0, c > 0.
std::int64_t share_up(std::int64_t a, std::int64_t b, std::int64_t c) {
  return static_cast<std::int64_t>((static_cast<__int128>(a) * b + c - 1) / c);
}

void count(SimulatedCounts& counts, policy::Verdict verdict) {
  ++counts.calls;
  switch (verdict) {
    case policy::Verdict::warn:
      ++counts.warned;
      return;
    case policy::Verdict::clamp:
      ++counts.clamped;
      return;
    case policy::Verdict::downgrade:
      ++counts.downgraded;
      return;
    case policy::Verdict::deny:
      ++counts.denied;
      return;
    case policy::Verdict::allow:
    case policy::Verdict::queue:
      ++counts.allowed;
      return;
  }
}

// How much output the room leaves to a call that needs all of its input.
std::int64_t output_that_fits(const policy::Room& room, const Amount& whole,
                              const pricing::Cost& cost) {
  std::int64_t most = whole.output.value();
  if (room.tokens) most = std::min(most, (*room.tokens - whole.input).value());
  if (room.output_tokens) most = std::min(most, room.output_tokens->value());
  if (room.cost && cost.output.value() > 0) {
    const std::int64_t left = (*room.cost - cost.input).value();
    if (left < 0) return -1;
    const auto fits = static_cast<__int128>(left) * whole.output.value() / cost.output.value();
    most = static_cast<std::int64_t>(std::min<__int128>(most, fits));
  }
  if (room.input_tokens && *room.input_tokens < whole.input) return -1;
  return most;
}

}  // namespace

Simulation::Simulation(std::shared_ptr<const policy::PolicySet> policies, Reprice reprice,
                       policy::Time from)
    : policies_(std::move(policies)), reprice_(std::move(reprice)), from_(from) {}

CounterState Simulation::state_of(const policy::CounterRef& counter, policy::Time now) {
  Counter& kept = counters_[counter.key];
  CounterState state = kept.state;
  if (kept.rolling) kept.rolling->sum_into(state, now);
  return state;
}

policy::Plan Simulation::plan_of(const ledger::UsageRecord& record, std::string_view provider,
                                 std::string_view model) const {
  const policy::CallFacts facts{.caller = &record.caller,
                                .provider = provider,
                                .model = model,
                                .operation = record.operation,
                                .stream = record.stream};
  return policies_->plan(facts, record.timestamp);
}

void Simulation::attempt(Attempt& at, policy::Time now) {
  at.before.clear();
  at.refusal.reset();
  for (std::size_t i = 0; i < at.plan.lines.size(); ++i) {
    const policy::PlannedLine& line = at.plan.lines[i];
    at.before.push_back(state_of(line.counter, now));
    if (at.refusal) continue;
    const auto unit =
        policy::broken_limit(line.enforcement, line.limits, at.before.back(), at.amount);
    if (unit) at.refusal = Refusal{i, *unit};
  }
}

std::optional<Simulation::Attempt> Simulation::clamped(const ledger::UsageRecord& record,
                                                       const pricing::Cost& cost,
                                                       const Attempt& refused) {
  const policy::Policy& policy = *refused.plan.lines[refused.refusal->line].policy;
  const std::int64_t whole = refused.amount.output.value();
  const std::int64_t fits =
      output_that_fits(policy::room_left(refused.plan, refused.before), refused.amount, cost);
  if (fits < policy.clamp_min.value() || fits >= whole) return std::nullopt;
  Attempt less{refused.plan, refused.amount, {}, {}};
  policy::hold_to_limit(less.plan, policy);
  less.amount.output = Tokens(fits);
  less.amount.cost = cost.input + Money(share_up(cost.output.value(), fits, whole));
  attempt(less, record.timestamp);
  if (less.refusal) return std::nullopt;
  return less;
}

std::optional<Simulation::Attempt> Simulation::downgraded(const ledger::UsageRecord& record,
                                                          const policy::Action& action,
                                                          const policy::Policy& policy) {
  for (const std::string& entry : action.models) {
    const std::size_t slash = entry.find('/');
    const bool names_provider = slash != std::string::npos;
    const std::string provider = names_provider ? entry.substr(0, slash) : record.provider;
    const std::string model = names_provider ? entry.substr(slash + 1) : entry;
    const auto cost = reprice_(record, provider, model);
    if (!cost) continue;
    Attempt other{plan_of(record, provider, model), amount_of(record, cost->total), {}, {}};
    policy::hold_to_limit(other.plan, policy);
    attempt(other, record.timestamp);
    if (!other.refusal) return other;
  }
  return std::nullopt;
}

void Simulation::hold(const ledger::UsageRecord& record, const Attempt& admitted) {
  Held held{std::max(record.ended_at, record.timestamp), record.timestamp, admitted.amount, {}};
  for (const policy::PlannedLine& line : admitted.plan.lines) {
    Counter& counter = counters_[line.counter.key];
    if (line.counter.rolling.count() > 0 && !counter.rolling) {
      counter.rolling.emplace(line.counter.rolling);
    }
    counter.state.reserved = ledger::plus(counter.state.reserved, admitted.amount);
    ++counter.state.in_flight;
    held.counters.push_back(line.counter);
  }
  held_.push(std::move(held));
}

void Simulation::settle_until(policy::Time now) {
  while (!held_.empty() && held_.top().ends_at <= now) {
    const Held& held = held_.top();
    for (const policy::CounterRef& ref : held.counters) {
      Counter& counter = counters_[ref.key];
      counter.state.reserved = ledger::minus(counter.state.reserved, held.amount);
      --counter.state.in_flight;
      if (counter.rolling) {
        counter.rolling->add(ledger::RollingWindow::index_of(ref.rolling, held.admitted_at),
                             held.amount, 1);
      } else {
        counter.state.spent = ledger::plus(counter.state.spent, held.amount);
        ++counter.state.requests;
      }
    }
    held_.pop();
  }
}

void Simulation::play(const ledger::UsageRecord& record) {
  settle_until(record.timestamp);
  pricing::Cost cost = record.cost;
  // A call that was downgraded is asked again as it was asked first.
  if (record.decision == policy::Verdict::downgrade) {
    if (const auto asked = reprice_(record, record.provider, asked_model(record))) cost = *asked;
  }
  Attempt first{
      plan_of(record, record.provider, asked_model(record)), amount_of(record, cost.total), {}, {}};
  attempt(first, record.timestamp);
  if (!first.refusal) {
    hold(record, first);
    return report_admitted(record, first, policy::Verdict::allow, nullptr, Money(0));
  }
  const policy::Policy& policy = *first.plan.lines[first.refusal->line].policy;
  for (const policy::Action& action : policy.when_exceeded) {
    std::optional<Attempt> changed;
    auto verdict = policy::Verdict::clamp;
    if (action.kind == policy::Action::Kind::clamp) changed = clamped(record, cost, first);
    if (action.kind == policy::Action::Kind::downgrade) {
      changed = downgraded(record, action, policy);
      verdict = policy::Verdict::downgrade;
    }
    if (!changed) continue;
    hold(record, *changed);
    return report_admitted(record, *changed, verdict, &policy,
                           record.cost.total - changed->amount.cost);
  }
  report_denied(record, policy, record.cost.total);
}

void Simulation::report_admitted(const ledger::UsageRecord& record, const Attempt& admitted,
                                 policy::Verdict verdict, const policy::Policy* changed_by,
                                 Money saved) {
  if (record.timestamp < from_) return;
  bool warned = false;
  std::int64_t shadow = 0;
  for (std::size_t i = 0; i < admitted.plan.lines.size(); ++i) {
    const policy::PlannedLine& line = admitted.plan.lines[i];
    CounterState after = admitted.before[i];
    after.reserved = ledger::plus(after.reserved, admitted.amount);
    ++after.in_flight;
    const policy::Plan alone{{line}, admitted.plan.tier};
    const policy::Decision decision =
        policy::decide_admitted(alone, {after}, admitted.amount, false);
    SimulatedCounts& counts = by_policy_[{line.policy->id, record.caller.component}];
    const bool changed = changed_by && changed_by->id == line.policy->id;
    count(counts, changed ? verdict : decision.verdict);
    if (changed) counts.saved = counts.saved + saved;
    counts.shadow_denied += static_cast<std::int64_t>(decision.shadow_denials.size());
    shadow += static_cast<std::int64_t>(decision.shadow_denials.size());
    warned = warned || decision.verdict == policy::Verdict::warn;
  }
  const auto whole = verdict == policy::Verdict::allow && warned ? policy::Verdict::warn : verdict;
  for (SimulatedCounts* counts : {&by_component_[record.caller.component], &total_}) {
    count(*counts, whole);
    counts->shadow_denied += shadow > 0 ? 1 : 0;
    counts->saved = counts->saved + saved;
  }
}

void Simulation::report_denied(const ledger::UsageRecord& record, const policy::Policy& policy,
                               Money saved) {
  if (record.timestamp < from_) return;
  for (SimulatedCounts* counts : {&by_policy_[{policy.id, record.caller.component}],
                                  &by_component_[record.caller.component], &total_}) {
    count(*counts, policy::Verdict::deny);
    counts->saved = counts->saved + saved;
  }
}

}  // namespace budget::admin
