// One call on its way through the phases: what each has learned.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/caller.h"
#include "policy/engine.h"
#include "policy/ledger/ledger.h"
#include "pricing/catalog.h"
#include "pricing/cost.h"
#include "proxy/pipeline/call_trace.h"
#include "proxy/pipeline/request.h"
#include "proxy/pipeline/services.h"
#include "proxy/telemetry/call_series.h"
#include "proxy/wire/format.h"

namespace budget::pipeline {

struct Call {
  Call(std::shared_ptr<WorkerState> worker_state, const Request& received);

  // From the start.
  std::shared_ptr<WorkerState> state;
  const Request& request;
  std::string request_id;
  policy::Time admitted_at;
  net::SteadyTime started_at;
  std::optional<CallTrace> trace;  // where traces are exported

  // route
  const Provider* provider = nullptr;
  std::size_t provider_index = 0;
  std::string_view labels;  // of the path's "@…" segment
  std::string_view path;    // the provider's own, without the prefix
  wire::Route route;
  wire::RequestFacts facts;

  // identify
  policy::Caller caller;
  std::shared_ptr<const admin::KeyGrant> grant;
  bool dry_run = false;

  // estimate
  std::string model;      // what is sent upstream: the caller's, or a downgrade
  bool rerouted = false;  // the downgrade is another provider's
  pricing::FoundPrice price;
  pricing::WorstCase worst;
  bool input_exact = false;         // worst.input is as good as it gets
  std::int64_t counted_input = -1;  // our own count of the input; -1: not counted

  // admit
  policy::Plan plan;
  policy::Decision decision;
  std::vector<policy::CounterState> states;  // a dry run's, parallel to plan.lines
  ledger::Amount held;
  bool incremental = false;  // the hold grows with the stream
  bool holding = false;      // a hold is open and must be settled
  wire::Rewrite rewrite;

  // forward
  net::SteadyTime sent_at;  // when the request began to leave

  telemetry::CallSeries* series = nullptr;  // once series_of() was asked

  [[nodiscard]] const Snapshot& snapshot() const { return *state->snapshot; }
  [[nodiscard]] Services& services() const { return state->services; }
  [[nodiscard]] wire::RequestView view() const;
  // Decided by the policies of the plan together: one that drains, drains all.
  [[nodiscard]] bool drains_on_abort() const;
  // Whether a policy cuts the stream where its hold cannot grow. Those that let
  // it finish never stop the hold from growing.
  [[nodiscard]] bool cut_with_its_hold() const;
  // Whether every policy that limits it lets it go on while the store is away.
  [[nodiscard]] bool passes_without_store() const;
};

}  // namespace budget::pipeline
