// Counters: what one policy has counted for one partition in one period.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "policy/clock.h"
#include "policy/policy.h"

namespace budget::policy {

// What one call takes from a counter: at worst while it is held, in fact once
// it is settled. Every call also counts as one request.
struct Amount {
  Money cost;
  Tokens input;
  Tokens output;

  friend bool operator==(const Amount&, const Amount&) = default;
};

// Names a counter. The period is part of the key, so a reset is a new key and
// no job has to run for it.
struct CounterRef {
  // "BUDGET/POLICY|PARTITION|PERIOD", partition values percent-encoded; unique,
  // printable, stable across restarts and replicas.
  std::string key;
  std::string partition;           // "component=apollo" or ""
  Time window_start;               // epoch for counters without a period
  std::optional<Time> resets_at;   // when a refusal clears by itself at the latest
  std::optional<Time> expires_at;  // when the counter may be forgotten, once idle
  std::chrono::seconds rolling{};  // > 0: a rolling window of this length

  friend bool operator==(const CounterRef&, const CounterRef&) = default;
};

// A counter's contents at one instant.
struct CounterState {
  Amount spent;
  Amount reserved;
  std::int64_t requests = 0;   // settled
  std::int64_t in_flight = 0;  // held

  friend bool operator==(const CounterState&, const CounterState&) = default;
};

// What a ledger checks before it lets a call in.
enum class Enforcement : std::uint8_t {
  count,      // nothing: the counter only counts
  threshold,  // spent + reserved, before this call, must be below every limit
  room,       // spent + reserved + this call must be within every limit
};

enum class Unit : std::uint8_t { cost, tokens, input_tokens, output_tokens, requests, concurrent };
[[nodiscard]] std::string_view name_of(Unit unit);  // "cost", "tokens", …

// The first limit of `limits` that a call of `amount` would break under
// `enforcement`, given `state`; nullopt when it may go. Every ledger decides
// by this function or by its exact twin (the Redis script). Pure, O(1).
[[nodiscard]] std::optional<Unit> broken_limit(Enforcement enforcement, const Limits& limits,
                                               const CounterState& state, const Amount& amount);

}  // namespace budget::policy
