// Budgets and their policies, as configured.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pricing/money.h"
#include "pricing/quantity.h"

namespace budget::policy {

using pricing::Money;
using pricing::Tokens;

// ignore: counted only. warn: counted, and the call is told. soft_limit: once
// what is spent and held has reached the action threshold, new calls are acted
// on; a call admitted below it may pass the limit. hard_limit: a call is
// admitted only if its worst case fits.
enum class PolicyType : std::uint8_t { ignore, warn, soft_limit, hard_limit };

struct Period {
  enum class Kind : std::uint8_t {
    minute,
    hourly,
    daily,
    weekly,
    monthly,
    yearly,
    total,
    per_session,
    per_task,
    rolling,
  };
  Kind kind = Kind::daily;
  std::chrono::seconds rolling{};  // with Kind::rolling: the window's length
  std::uint8_t reset_day = 1;      // monthly: 1..28, or 0 for the last day
  std::chrono::weekday reset_weekday = std::chrono::Monday;  // weekly
};

// What a call may use in one period. Not stated: not limited.
struct Limits {
  std::optional<Money> cost;
  std::optional<Tokens> tokens;  // input + output
  std::optional<Tokens> input_tokens;
  std::optional<Tokens> output_tokens;
  std::optional<std::int64_t> requests;
  std::optional<std::int64_t> concurrent;  // calls in flight

  friend bool operator==(const Limits&, const Limits&) = default;
};

// Which calls a policy is about. A field with no patterns matches every call;
// patterns are globs (`*` any run, `?` one character), case-sensitive; a field
// matches if any of its patterns does, a policy if all of its fields do.
struct Match {
  std::vector<std::string> provider, model, component, tier, task_type, user, key, operation;
  std::vector<std::pair<std::string, std::vector<std::string>>> tags;
};

// What a policy keeps separate counters for.
struct Partition {
  enum class Kind : std::uint8_t {
    component,
    user,
    key,
    provider,
    model,
    tier,
    task_type,
    context,
    task,
    operation,
    tag,
  };
  Kind kind = Kind::component;
  std::string tag;  // with Kind::tag: its name

  friend bool operator==(const Partition&, const Partition&) = default;
};

// One thing to try when a call does not fit, before refusing it.
struct Action {
  enum class Kind : std::uint8_t { clamp, downgrade, queue };
  Kind kind = Kind::clamp;
  std::vector<std::string> models;   // downgrade: "model" or "provider/model", in order
  std::chrono::milliseconds wait{};  // queue
};

enum class Reserve : std::uint8_t { worst_case, incremental };
enum class StreamOverrun : std::uint8_t { cut, finish };
enum class OnClientAbort : std::uint8_t { cancel, drain };
enum class OnStoreFailure : std::uint8_t { deny, allow };

struct Policy {
  std::string id;  // "budget/policy": unique, stable, part of counter keys
  std::string name;
  PolicyType type = PolicyType::hard_limit;
  Period period;
  Match match;
  std::vector<Partition> per;
  Limits limits;
  std::int64_t warning_threshold_ppm = 800'000;  // parts per million of each limit
  std::int64_t action_threshold_ppm = 1'000'000;
  std::vector<Action> when_exceeded;
  Tokens clamp_min{256};
  Reserve reserve = Reserve::worst_case;
  StreamOverrun stream_overrun = StreamOverrun::cut;
  OnClientAbort on_client_abort = OnClientAbort::cancel;
  OnStoreFailure on_store_failure = OnStoreFailure::deny;
  bool shadow = false;  // decide and record, never act
  int deny_status = 429;
  std::optional<int> priority_bypass;  // soft_limit only
  bool enabled = true;
  std::string source = "file";  // "file" or "api"
};

struct Budget {
  std::string name;
  std::string owner;
  std::string description;
  std::string timezone = "UTC";  // IANA; known to the tz database
  std::vector<Policy> policies;
  std::string source = "file";  // "file" or "api"
};

// A named group of models; the first tier with a matching pattern is a model's.
struct Tier {
  std::string name;
  std::vector<std::string> models;  // globs, matched without regard to case
};

// Everything that decides, as one value.
struct PolicyConfig {
  std::vector<Budget> budgets;
  std::vector<Tier> tiers;
};

}  // namespace budget::policy
