// What follows from the counters' states.
#include <algorithm>
#include <cassert>

#include "policy/engine.h"
#include "policy/figures.h"
#include "policy/sentences.h"

namespace budget::policy {
namespace {

// pedantic C++ has no 128-bit integer of its own.
__extension__ using Wide = __int128;

// One limit of one line, as it stands.
struct Standing {
  Unit unit = Unit::cost;
  std::int64_t limit = 0;
  Figures figures;

  [[nodiscard]] std::int64_t remaining() const {
    return (Tokens(limit) - Tokens(figures.committed())).value();
  }
};

// Whether `a` has the smaller share of its limit left. A limit of zero counts
// as one of one, so that it has nothing left rather than no share.
bool tighter(const Standing& a, const Standing& b) {
  const auto whole = [](const Standing& s) { return Wide{std::max<std::int64_t>(s.limit, 1)}; };
  return Wide{a.remaining()} * whole(b) < Wide{b.remaining()} * whole(a);
}

// Whether `a` rather than `b` is what a caller should know of. Concurrency
// comes and goes with every call: it is named only if there is nothing else.
bool more_telling(const Standing& a, const Standing& b) {
  const bool a_comes_and_goes = a.unit == Unit::concurrent;
  const bool b_comes_and_goes = b.unit == Unit::concurrent;
  if (a_comes_and_goes != b_comes_and_goes) return b_comes_and_goes;
  return tighter(a, b);
}

Denial denial_of(const PlannedLine& line, Enforcement enforcement, const CounterState& state,
                 const Amount& amount, Unit unit) {
  const Policy& policy = *line.policy;
  const Figures figures = figures_of(unit, state, amount);
  return {.budget = line.budget->name,
          .policy = policy.name,
          .unit = unit,
          .limit = limit_of(policy.limits, unit).value_or(0),
          .spent = figures.spent,
          .reserved = figures.reserved,
          .requested = figures.requested,
          .partition = line.counter.partition,
          .resets_at = unit == Unit::concurrent ? std::nullopt : line.counter.resets_at,
          .status = policy.deny_status,
          .period = policy.period,
          .enforcement = enforcement,
          .acts_from = limit_of(line.limits, unit).value_or(0)};
}

CounterState before(CounterState state, const Amount& amount) {
  state.reserved.cost -= amount.cost;
  state.reserved.input -= amount.input;
  state.reserved.output -= amount.output;
  --state.in_flight;
  return state;
}

void judge_shadow(Decision& decision, const PlannedLine& line, const CounterState& state,
                  const Amount& amount) {
  const CounterState found = before(state, amount);
  const std::optional<Unit> broken =
      broken_limit(line.shadow_enforcement, line.limits, found, amount);
  if (!broken) return;
  decision.shadow_denials.push_back(
      denial_of(line, line.shadow_enforcement, found, amount, *broken));
}

// Of the limits that call for a warning, the tightest; one that is passed comes
// before one that is nearly reached because it has less than nothing left.
std::optional<Standing> to_warn_of(const PlannedLine& line, const CounterState& state) {
  std::optional<Standing> worst;
  for_each_limit(line.policy->limits, [&](Unit unit, std::int64_t limit) {
    const Standing standing{unit, limit, figures_of(unit, state, {})};
    const std::int64_t warn_at = share_of(limit, line.policy->warning_threshold_ppm);
    const bool due = unit == Unit::concurrent ? standing.figures.committed() > limit
                                              : standing.figures.committed() >= warn_at;
    if (due && (!worst || tighter(standing, *worst))) worst = standing;
  });
  return worst;
}

template <class T>
void lower(std::optional<T>& room, const std::optional<T>& limit, T committed) {
  if (!limit) return;
  const T left = *limit - committed;
  if (!room || left < *room) room = left;
}

void lower(Room& room, const Limits& limits, const CounterState& state) {
  const Tokens input = state.spent.input + state.reserved.input;
  const Tokens output = state.spent.output + state.reserved.output;
  lower(room.cost, limits.cost, state.spent.cost + state.reserved.cost);
  lower(room.tokens, limits.tokens, input + output);
  lower(room.input_tokens, limits.input_tokens, input);
  lower(room.output_tokens, limits.output_tokens, output);
}

}  // namespace

Decision decide_admitted(const Plan& plan, const std::vector<CounterState>& states,
                         const Amount& amount, bool amounts) {
  assert(states.size() == plan.lines.size());
  Decision decision;
  std::optional<Standing> tightest;
  const PlannedLine* tightest_line = nullptr;
  for (std::size_t i = 0; i < plan.lines.size(); ++i) {
    const PlannedLine& line = plan.lines[i];
    const Policy& policy = *line.policy;
    if (policy.shadow) {
      judge_shadow(decision, line, states[i], amount);
      continue;
    }
    if (policy.type == PolicyType::ignore) continue;
    if (const auto warning = to_warn_of(line, states[i])) {
      decision.verdict = Verdict::warn;
      decision.warnings.push_back(warning_about(line, warning->unit, warning->figures, amounts));
    }
    if (line.enforcement == Enforcement::count) continue;
    for_each_limit(policy.limits, [&](Unit unit, std::int64_t limit) {
      const Standing standing{unit, limit, figures_of(unit, states[i], {})};
      if (tightest && !more_telling(standing, *tightest)) return;
      tightest = standing;
      tightest_line = &line;
    });
  }
  if (tightest) {
    decision.tightest = PolicyState{tightest_line->policy->id, tightest->unit, tightest->limit,
                                    tightest->remaining()};
  }
  return decision;
}

Decision decide_refused(const Plan& plan, const std::vector<CounterState>& states,
                        const Amount& amount, std::size_t line, Unit unit) {
  assert(states.size() == plan.lines.size() && line < plan.lines.size());
  const PlannedLine& refusing = plan.lines[line];
  Decision decision;
  decision.verdict = Verdict::deny;
  decision.denial = denial_of(refusing, refusing.enforcement, states[line], amount, unit);
  const Denial& denial = *decision.denial;
  decision.tightest =
      PolicyState{refusing.policy->id, unit, denial.limit,
                  (Tokens(denial.limit) - Tokens(denial.spent) - Tokens(denial.reserved)).value()};
  return decision;
}

Room room_left(const Plan& plan, const std::vector<CounterState>& states) {
  assert(states.size() == plan.lines.size());
  Room room;
  for (std::size_t i = 0; i < plan.lines.size(); ++i) {
    const PlannedLine& line = plan.lines[i];
    const CounterState& state = states[i];
    if (line.enforcement == Enforcement::count) continue;
    if (line.enforcement == Enforcement::threshold &&
        !broken_limit(line.enforcement, line.limits, state, {})) {
      continue;
    }
    lower(room, line.policy->limits, state);
  }
  return room;
}

Room room_to_go_on(const Plan& plan, const std::vector<CounterState>& states) {
  assert(states.size() == plan.lines.size());
  Room room;
  for (std::size_t i = 0; i < plan.lines.size(); ++i) {
    const PlannedLine& line = plan.lines[i];
    if (line.enforcement != Enforcement::room) continue;
    if (line.policy->stream_overrun == StreamOverrun::finish) continue;
    lower(room, line.limits, states[i]);
  }
  return room;
}

void hold_to_limit(Plan& plan, const Policy& policy) {
  for (PlannedLine& line : plan.lines) {
    if (line.policy->id != policy.id || line.enforcement != Enforcement::threshold) continue;
    line.enforcement = Enforcement::room;
    line.limits = line.policy->limits;
  }
}

}  // namespace budget::policy
