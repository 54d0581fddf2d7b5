// What is said to the scripts and what they answer; the layouts are at the head
// of each lua/*.lua.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "policy/ledger/ledger.h"
#include "policy/ledger/message_pack.h"
#include "policy/ledger/redis_codec.h"

namespace budget::ledger {

// Whose clock decides leases and rolling windows.
enum class TimeSource : std::uint8_t {
  redis,   // the server's: replicas agree, however their clocks differ
  caller,  // what each operation states; for tests that set the clock
};

// Lays requests out as one ledger wants them.
struct RequestFormat {
  TimeSource time = TimeSource::redis;
  std::chrono::hours usage_retention{};
  std::int64_t swept_at_once_max = 0;

  // The first element of every request.
  void stamp(Packer& out, Time now) const;
  // A lease that ends at `until` by a clock that shows `now`.
  void lease(Packer& out, Time now, Time until) const;

  [[nodiscard]] std::string reserve(const ReserveRequest& request) const;
  [[nodiscard]] std::string extend(const std::string& id, const Amount& amount, Time now,
                                   Time lease_until) const;
  [[nodiscard]] std::string settle(const UsageRecord& record, const std::string& token) const;
  [[nodiscard]] std::string release(const std::string& id, Time now) const;
  [[nodiscard]] std::string reap(Time now, bool all) const;
  [[nodiscard]] std::string record(const UsageRecord& record,
                                   const std::vector<CounterRef>& lines) const;
  [[nodiscard]] std::string allocate(const AllocateRequest& request) const;
  [[nodiscard]] std::string allocation(const std::string& id, Time now, bool release) const;
  [[nodiscard]] std::string read(const std::vector<CounterRef>& counters, Time now) const;
  [[nodiscard]] std::string find(const std::string& id, Time now) const;
};

// The error that a reply names; nullopt when it is a success.
[[nodiscard]] std::optional<LedgerError> error_in(RedisValue reply);

// REQUIRES of all below: no error is in the reply.
struct ReserveReply {
  ReserveOutcome outcome;
  bool more = false;  // holds may have lapsed that were not charged yet
};
[[nodiscard]] ReserveReply reserve_reply(RedisValue reply);
[[nodiscard]] SettleOutcome settle_reply(RedisValue reply);
[[nodiscard]] AllocationState allocation_reply(std::string id, RedisValue reply);
[[nodiscard]] std::vector<CounterState> read_reply(RedisValue reply);

}  // namespace budget::ledger
