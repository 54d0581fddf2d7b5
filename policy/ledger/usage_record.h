// What is kept of a call: one record, whatever became of it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "policy/caller.h"
#include "policy/clock.h"
#include "policy/decision.h"
#include "pricing/cost.h"
#include "pricing/usage.h"

namespace budget::ledger {

// Where a record's figures come from.
enum class UsageSource : std::uint8_t {
  reported,  // the provider said so
  counted,   // counted here, from the bytes that passed
  reserved,  // unknown: charged at what was held
};

// Never holds a prompt, an answer or a secret.
struct UsageRecord {
  std::string request_id;  // unique; also the hold's id
  policy::Time timestamp;  // when admitted: decides the period
  policy::Time ended_at;
  policy::Caller caller;
  std::string provider;
  std::string model;            // as answered, else as sent
  std::string requested_model;  // as the caller asked
  std::string operation;
  bool stream = false;
  int status = 0;  // the HTTP status the caller saw; 0 when it saw none
  policy::Verdict decision = policy::Verdict::allow;
  pricing::Usage usage;
  pricing::Cost cost;
  std::string price_id;
  UsageSource usage_source = UsageSource::reported;
  bool estimated = false;
  bool unpriced = false;              // an unmetered path that was passed, or a free unknown
  std::vector<std::string> policies;  // ids of those it counted against
  std::int64_t latency_ms = 0;
  std::int64_t time_to_first_byte_ms = 0;
  std::string upstream_request_id;
  std::string error;  // "" or one of docs/api.md's codes

  friend bool operator==(const UsageRecord&, const UsageRecord&) = default;
};

}  // namespace budget::ledger
