#include "tests/contract/history.h"

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <sstream>

#include "tests/contract/model_ledger.h"

namespace budget::ledger {
namespace {

using policy::Enforcement;
using pricing::Money;

constexpr int kCounters = 5;  // the last but one rolls, the last expires
constexpr int kCalls = 12;
constexpr int kAllocations = 2;
constexpr std::array<const char*, 11> kNames = {"reserve", "extend",   "settle", "release",
                                                "reap",    "crash",    "clock",  "limit",
                                                "record",  "allocate", "give_up"};

CounterRef counter_at(int index) {
  CounterRef ref = counter("c" + std::to_string(index));
  if (index == kCounters - 2) ref.rolling = std::chrono::seconds(60);
  if (index == kCounters - 1) ref.expires_at = at(1'800'000'200'000);
  return ref;
}

Enforcement enforcement_at(int index) {
  if (index == 1) return Enforcement::threshold;
  return index == 2 ? Enforcement::count : Enforcement::room;
}

// Amounts of a value: cost, and tokens in two unlike proportions.
Amount spread(std::int64_t value) {
  return amount(value, value / 3, value / 5);
}

std::string describe(const CounterState& state) {
  std::ostringstream out;
  out << "spent " << state.spent.cost.value() << "/" << state.spent.input.value() << "/"
      << state.spent.output.value() << " reserved " << state.reserved.cost.value() << "/"
      << state.reserved.input.value() << "/" << state.reserved.output.value() << " requests "
      << state.requests << " in flight " << state.in_flight;
  return out.str();
}

// Both ledgers, the clock, and what the invariants need to know.
class Player {
 public:
  explicit Player(const LedgerMaker& maker) : subject_(maker.make()) { limits_.fill(300); }

  std::optional<std::string> step(const Step& step) {
    switch (step.act) {
      case Act::clock:
        now_ += std::chrono::milliseconds(step.value);
        break;
      case Act::limit:
        for (int i = 0; i < kCounters; ++i) {
          if (touches(step, i)) limits_[i] = step.value;
        }
        break;
      case Act::crash:
        subject_->crash(now_);
        model_.restart(now_);
        break;
      default:
        if (auto difference = operate(step)) return difference;
    }
    return compare_states();
  }

  // What must hold when all is over: records equal, and summing to counters.
  std::optional<std::string> finish() {
    auto records = subject_->records();
    std::ranges::sort(records, {}, &UsageRecord::request_id);
    const auto expected = model_.records();
    if (records.size() != expected.size()) {
      return "has " + std::to_string(records.size()) + " records, not " +
             std::to_string(expected.size());
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (records[i] != expected[i]) return "record of " + expected[i].request_id + " differs";
    }
    for (int i = 0; i < kCounters - 2; ++i) {
      Amount sum;
      for (const UsageRecord& record : records) {
        if (!((lines_[record.request_id] >> i) & 1u)) continue;
        sum.cost += record.cost.total;
        sum.input += record.usage.input_total();
        sum.output += record.usage.output_total();
      }
      const auto states = run(subject_->ledger().read({counter_at(i)}, now_));
      if (!states || states->at(0).spent != sum) {
        return "records of c" + std::to_string(i) + " do not sum to it";
      }
    }
    return std::nullopt;
  }

 private:
  static bool touches(const Step& step, int counter) { return (step.counters >> counter) & 1u; }
  static std::string call_id(const Step& step) { return "call-" + std::to_string(step.call); }

  std::vector<HoldLine> lines_of(const Step& step) const {
    std::vector<HoldLine> lines;
    for (int i = 0; i < kCounters; ++i) {
      if (!touches(step, i)) continue;
      policy::Limits limits = cost_limit(limits_[i]);
      if (i == 0) limits.concurrent = 4;
      lines.push_back(line(counter_at(i), spread(step.value), limits, enforcement_at(i)));
      lines.back().may_pass = i >= 3 && step.value % 2 == 0;
    }
    return lines;
  }

  template <class T>
  std::optional<std::string> same(const Result<T>& subject, const Result<T>& model) {
    const auto text = [](const Result<T>& result) {
      return result ? std::string("success") : std::string(name_of(result.error()));
    };
    if (subject.has_value() != model.has_value() ||
        (!subject && subject.error() != model.error())) {
      return "answers " + text(subject) + ", not " + text(model);
    }
    if (subject && !equal(*subject, *model)) return "answers with other figures";
    return std::nullopt;
  }
  static bool equal(bool a, bool b) { return a == b; }
  static bool equal(std::size_t a, std::size_t b) { return a == b; }
  static bool equal(const ReserveOutcome& a, const ReserveOutcome& b) {
    const bool alike = a.shortfall.has_value() == b.shortfall.has_value() &&
                       (!a.shortfall || (a.shortfall->line == b.shortfall->line &&
                                         a.shortfall->unit == b.shortfall->unit));
    return alike && a.states == b.states;
  }
  static bool equal(const SettleOutcome& a, const SettleOutcome& b) {
    return a.states == b.states && a.overrun == b.overrun;
  }
  static bool equal(const AllocationState& a, const AllocationState& b) {
    return a.allocated == b.allocated && a.remaining == b.remaining && a.released == b.released;
  }

  std::optional<std::string> operate(const Step& step) {
    Ledger& subject = subject_->ledger();
    const std::string id = call_id(step);
    const std::string pot = "pot-" + std::to_string(step.call % kAllocations);
    switch (step.act) {
      case Act::reserve: {
        auto request = call(id, lines_of(step), now_, step.draws ? pot : "");
        request.lease_until = now_ + std::chrono::seconds(20);
        const auto outcome = run(model_.reserve(request));
        if (outcome && !outcome->shortfall) lines_.try_emplace(id, step.counters);
        return same(run(subject.reserve(std::move(request))), outcome);
      }
      case Act::extend: {
        const Time lease = now_ + std::chrono::seconds(20);
        return same(run(subject.extend(id, spread(step.value), lease)),
                    run(model_.extend(id, spread(step.value), lease)));
      }
      case Act::settle: {
        auto record = usage_record(id, spread(step.value), now_);
        record.ended_at = now_;
        const auto outcome = run(model_.settle(record));
        if (outcome && outcome->overrun != Amount{}) overrun_ = true;
        return same(run(subject.settle(std::move(record))), outcome);
      }
      case Act::release:
        return same(run(subject.release(id)), run(model_.release(id)));
      case Act::reap:
        return same(run(subject.reap(now_)), run(model_.reap(now_)));
      case Act::record: {
        auto record = usage_record(id, spread(step.value), now_);
        record.estimated = step.draws;
        std::vector<CounterRef> refs;
        for (const HoldLine& each : lines_of(step)) refs.push_back(each.counter);
        const auto outcome = run(model_.record(record, refs));
        if (outcome) overrun_ = true;
        if (outcome && *outcome) lines_[id] = step.counters;
        return same(run(subject.record(std::move(record), std::move(refs))), outcome);
      }
      case Act::allocate: {
        const AllocateRequest request{pot, now_, now_ + std::chrono::seconds(90), lines_of(step)};
        return same(run(subject.allocate(request)), run(model_.allocate(request)));
      }
      case Act::give_up:
        return same(run(subject.release_allocation(pot)), run(model_.release_allocation(pot)));
      default:
        return std::nullopt;
    }
  }

  std::optional<std::string> compare_states() {
    std::vector<CounterRef> refs;
    for (int i = 0; i < kCounters; ++i) refs.push_back(counter_at(i));
    const auto subject = run(subject_->ledger().read(refs, now_));
    const auto model = run(model_.read(refs, now_));
    if (!subject || !model) return "cannot be read";
    for (int i = 0; i < kCounters; ++i) {
      if ((*subject)[i] != (*model)[i]) {
        return "c" + std::to_string(i) + " is " + describe((*subject)[i]) + ", not " +
               describe((*model)[i]);
      }
    }
    highest_ = std::max(highest_, limits_[0]);
    const Amount committed{(*subject)[0].spent.cost + (*subject)[0].reserved.cost, {}, {}};
    if (!overrun_ && committed.cost.value() > highest_) return "c0 is past its limit";
    for (int pot = 0; pot < kAllocations; ++pot) {
      const std::string id = "pot-" + std::to_string(pot);
      if (auto difference =
              same(run(subject_->ledger().allocation(id)), run(model_.allocation(id)))) {
        return id + " " + *difference;
      }
    }
    return std::nullopt;
  }

  std::unique_ptr<LedgerUnderTest> subject_;
  ModelLedger model_;
  Time now_ = at(1'800'000'000'000);
  std::array<std::int64_t, kCounters> limits_{};
  std::map<std::string, unsigned> lines_;
  std::int64_t highest_ = 0;  // c0's limit, at its highest so far
  bool overrun_ = false;      // something was charged that no hold had covered
};

}  // namespace

History random_history(std::uint64_t seed, std::size_t steps) {
  std::mt19937_64 random(seed);
  const auto pick = [&random](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  // How often each act is drawn, in the order of Act.
  std::discrete_distribution<int> acts({30, 8, 20, 8, 6, 2, 12, 3, 6, 4, 2});
  History history;
  for (std::size_t i = 0; i < steps; ++i) {
    Step step;
    step.act = static_cast<Act>(acts(random));
    step.call = static_cast<int>(pick(0, kCalls - 1));
    step.counters = static_cast<unsigned>(pick(1, (1 << kCounters) - 1));
    step.draws = pick(0, 2) == 0;
    step.value = pick(0, 9) == 0 ? 0 : pick(1, 120);
    if (step.act == Act::limit) step.value = pick(50, 600);
    // Mostly forward by up to ten seconds, now and then back by up to thirty;
    // often by round figures, so that leases and buckets end on the instant.
    if (step.act == Act::clock) {
      step.value = pick(0, 7) == 0 ? -pick(1, 30'000) : pick(0, 10'000);
      if (pick(0, 1) == 0) step.value -= step.value % 5'000;
    }
    history.push_back(step);
  }
  return history;
}

std::optional<std::string> play(const History& history, const LedgerMaker& maker) {
  Player player(maker);
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (auto difference = player.step(history[i])) {
      return "step " + std::to_string(i) + " (" + kNames[static_cast<std::size_t>(history[i].act)] +
             "): " + *difference;
    }
  }
  return player.finish();
}

History shrink(History failing, const LedgerMaker& maker) {
  for (std::size_t chunk = failing.size() / 2; chunk > 0;) {
    bool removed = false;
    for (std::size_t start = 0; start + chunk <= failing.size();) {
      History shorter = failing;
      const auto first = shorter.begin() + static_cast<std::ptrdiff_t>(start);
      shorter.erase(first, first + static_cast<std::ptrdiff_t>(chunk));
      if (play(shorter, maker)) {
        failing = std::move(shorter);
        removed = true;
      } else {
        start += chunk;
      }
    }
    if (chunk > 1 || !removed) chunk /= 2;
  }
  return failing;
}

std::string to_text(const History& history) {
  std::ostringstream out;
  for (const Step& step : history) {
    out << "  " << kNames[static_cast<std::size_t>(step.act)] << " call " << step.call
        << " counters " << step.counters << (step.draws ? " draws" : "") << " value " << step.value
        << "\n";
  }
  return out.str();
}

}  // namespace budget::ledger
