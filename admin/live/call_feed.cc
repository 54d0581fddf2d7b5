#include "admin/live/call_feed.h"

#include <utility>

#include "admin/find.h"
#include "admin/record_json.h"
#include "admin/summary_json.h"
#include "policy/rfc3339.h"

namespace budget::admin {
namespace {

// How often a thread without work looks whether the last watcher has left.
constexpr std::chrono::minutes idle_turn{1};

}  // namespace

CallFeed::CallFeed(EventBus& bus, ViewSource view, const policy::Clock& clock,
                   Background::OnError on_error)
    : bus_(bus),
      view_(std::move(view)),
      clock_(clock),
      background_(std::make_unique<Background>(
          [this]() -> std::chrono::milliseconds {
            bus_.tidy();
            return turn() ? turn_every : idle_turn;
          },
          std::move(on_error))) {}

CallFeed::~CallFeed() {
  close();
}

void CallFeed::close() {
  background_.reset();
}

bool CallFeed::note_work() {
  return std::exchange(asleep_, false);
}

void CallFeed::touched(const policy::Plan& plan, const std::vector<policy::CounterState>& states) {
  if (!watched() || states.size() != plan.lines.size() || states.empty()) return;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < states.size(); ++i) {
      const policy::CounterRef& counter = plan.lines[i].counter;
      const auto found = gathered_.counters.find(counter.key);
      if (found != gathered_.counters.end()) {
        found->second.state = states[i];
      } else if (gathered_.counters.size() < counters_per_turn_max) {
        gathered_.counters.emplace(counter.key,
                                   Touched{plan.lines[i].policy->id, counter, states[i]});
      }
    }
    wake = note_work();
  }
  if (wake && background_) background_->wake();
}

void CallFeed::ended(const ledger::UsageRecord& record) {
  if (!watched()) return;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (gathered_.records.size() < records_per_turn_max) {
      gathered_.records.push_back(record);
    } else {
      ++gathered_.records_omitted;
    }
    wake = note_work();
  }
  if (wake && background_) background_->wake();
}

void CallFeed::refused(const RefusedCall& call) {
  if (!watched()) return;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    std::string key;
    for (const std::string_view part : {call.component, call.provider, call.model, call.code}) {
      key += part;
      key += '\n';
    }
    if (call.denial) key += call.denial->budget + '/' + call.denial->policy;
    const auto found = gathered_.refusals.find(key);
    if (found != gathered_.refusals.end()) {
      ++found->second.calls;
    } else if (gathered_.refusals.size() < refusals_per_turn_max) {
      gathered_.refusals.emplace(
          std::move(key),
          Refused{std::string(call.request_id), std::string(call.component),
                  std::string(call.provider), std::string(call.model), std::string(call.code),
                  std::string(call.message), clock_.now(), 1});
    } else {
      ++gathered_.refusals_omitted;
    }
    wake = note_work();
  }
  if (wake && background_) background_->wake();
}

bool CallFeed::turn() {
  Gathered gathered;
  {
    const std::lock_guard lock(mutex_);
    std::swap(gathered, gathered_);
    asleep_ = gathered.records.empty() && gathered.counters.empty() && gathered.refusals.empty();
    if (asleep_) return false;
  }
  publish_records(gathered);
  publish_refusals(gathered);
  publish_counters(gathered);
  return true;
}

void CallFeed::publish_records(Gathered& gathered) {
  for (std::size_t i = 0; i < gathered.records.size(); ++i) {
    json::object data = to_json(gathered.records[i]);
    if (i + 1 == gathered.records.size() && gathered.records_omitted > 0) {
      data["omitted"] = gathered.records_omitted;
    }
    bus_.publish({Topic::updates, "usage_record", std::move(data), gathered.records[i].ended_at});
  }
}

void CallFeed::publish_refusals(const Gathered& gathered) {
  std::size_t left = gathered.refusals.size();
  for (const auto& [key, refused] : gathered.refusals) {
    json::object data{{"request_id", refused.request_id},
                      {"timestamp", policy::rfc3339(refused.at)},
                      {"component", refused.component},
                      {"provider", refused.provider},
                      {"model", refused.model},
                      {"decision", "deny"},
                      {"error", refused.code},
                      {"message", refused.message},
                      {"calls", refused.calls}};
    if (--left == 0 && gathered.refusals_omitted > 0) data["omitted"] = gathered.refusals_omitted;
    bus_.publish({Topic::updates, "usage_record", std::move(data), refused.at});
  }
}

void CallFeed::publish_counters(const Gathered& gathered) {
  const auto view = view_();
  if (!view || !view->policies) return;
  const policy::Time now = clock_.now();
  for (const auto& [key, touched] : gathered.counters) {
    const auto [policy, budget] = find_policy(*view, touched.policy_id);
    if (!policy) continue;  // gone with a reload
    json::object data = summary_json(*policy, touched.counter, touched.state, now);
    data["budget_id"] = budget->name;
    bus_.publish({Topic::updates, "budget_update", std::move(data), now});
  }
}

}  // namespace budget::admin
