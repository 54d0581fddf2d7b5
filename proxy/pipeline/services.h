// What every call may use, made once by main.cc.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admin/allocation_directory.h"
#include "admin/call_watcher.h"
#include "admin/keys.h"
#include "policy/clock.h"
#include "policy/ledger/ledger.h"
#include "pricing/tokens/calibration.h"
#include "proxy/log.h"
#include "proxy/net/deadlines.h"
#include "proxy/pipeline/call_trace.h"
#include "proxy/pipeline/metrics.h"
#include "proxy/pipeline/snapshot.h"
#include "proxy/upstream/pool.h"

namespace budget::pipeline {

// Shared by all workers; everything in it is thread-safe and outlives them.
struct Services {
  const policy::Clock& clock;
  ledger::Ledger& ledger;
  const admin::KeyDirectory& keys;
  const admin::AllocationDirectory& allocations;
  pricing::Calibration& calibration;
  Metrics& metrics;
  // Where finished calls are told of; called on the worker's thread, must not
  // block.
  std::function<void(const ledger::UsageRecord&)> on_record;
  std::function<void(const admin::RefusedCall&)> on_refusal;
  admin::CallWatcher& watcher;
  const Log& log;
  const Tracer* tracer;  // null: no traces
};

// One worker's share of a snapshot. A call keeps the one it began with, and so
// its pools, when the configuration is replaced meanwhile.
struct WorkerState {
  boost::asio::io_context& io;
  net::Deadlines& deadlines;
  Services& services;
  std::shared_ptr<const Snapshot> snapshot;
  // By the provider's index; shared by states that differ in their policies only.
  std::vector<std::shared_ptr<upstream::Pool>> pools;
};

}  // namespace budget::pipeline
