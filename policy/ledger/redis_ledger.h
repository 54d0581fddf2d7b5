// The ledger of many proxies: everything in one Redis, each step one script.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/clock.h"
#include "policy/ledger/ledger.h"
#include "policy/ledger/redis_address.h"
#include "policy/ledger/redis_codec.h"
#include "policy/ledger/redis_directory.h"
#include "policy/ledger/redis_requests.h"

namespace budget::ledger {

struct RedisOptions {
  RedisAddress address;
  // How the server is found, where `address` does not say: by sentinels, or in
  // a cluster. User, password, TLS and database are the address's.
  RedisTopology topology;
  std::string name_space = "budget";  // not empty, without braces; the keys' hash tag
  // An operation takes no longer, connecting and sending again included.
  std::chrono::milliseconds command_timeout{1'000};
  std::chrono::milliseconds connect_timeout{1'000};
  std::chrono::hours usage_retention{24 * 90};
  // How long an id that was settled or released is known to be over.
  std::chrono::hours calls_remembered{24};
  // What `now` and `lease_until` were read from; nullptr: the ledger's clock().
  const policy::Clock* clock = nullptr;
  TimeSource time = TimeSource::redis;
  // Whether open() fails when no Redis answers. One that answers and will not
  // do is an error always.
  bool must_be_reachable = true;
  std::function<void(std::string_view)> log;  // one sentence an event; any thread
  // Redis is another server than before, or was restarted: what it acknowledged
  // last may be lost. For OutageLedger::store_changed(). Any thread; must not
  // block, nor use the ledger.
  std::function<void()> on_other_server;
  // Seam: changes a script's text, so that a test can plant a mistake.
  std::function<void(std::string&)> edit_script;
};

struct RedisStats {
  std::int64_t connects = 0;        // that succeeded, since start
  std::int64_t breaks = 0;          // of connections that were up
  std::int64_t timeouts = 0;        // commands without a reply in time
  std::int64_t rejected = 0;        // commands refused at once while Redis is away
  std::int64_t scripts_sent = 0;    // because the server did not know them
  std::int64_t overruns = 0;        // settlements above their hold
  std::int64_t lapsed = 0;          // holds that reap() of this process charged
  std::int64_t clock_ahead_ms = 0;  // Redis's clock before this machine's
};

// Every operation is one command of one round trip on the connection of the
// caller's loop (docs/redis.md lists the keys). When a connection breaks before
// the answer, the operation is sent again with the same id until its time is
// up: `timeout` then means that the outcome is unknown, `unavailable` that
// Redis never got it. `settle` that finds its own settlement done by such a
// first sending succeeds with empty states; others may say already_resolved.
// The breaker, the connections and their back-off are each worker's own.
//
// With TimeSource::redis the server's clock decides when leases end and which
// buckets of a rolling window count; `lease_until - now` is taken as a length
// of time. The period in a counter's key is the caller's: let it read clock(),
// which follows the server's, and replicas agree on periods too.
class RedisLedger final : public Ledger {
 public:
  // Connects once, to see that the server will do and what time it is there.
  // Blocks up to connect_timeout. The error is one readable sentence.
  static std::expected<std::unique_ptr<RedisLedger>, std::string> open(RedisOptions options);
  ~RedisLedger() override;

  Async<ReserveOutcome> reserve(ReserveRequest request) override;
  Async<ReserveOutcome> extend(std::string id, Amount amount, Time lease_until) override;
  Async<SettleOutcome> settle(UsageRecord record) override;
  Async<bool> release(std::string id) override;
  Async<std::size_t> reap(Time now) override;
  Async<bool> record(UsageRecord record, std::vector<CounterRef> lines) override;
  Async<ReserveOutcome> allocate(AllocateRequest request) override;
  Async<AllocationState> allocation(std::string id) override;
  Async<AllocationState> release_allocation(std::string id) override;
  Async<std::vector<CounterState>> read(std::vector<CounterRef> counters, Time now) override;

  // Charges every open hold, whether its lease has ended or not. For when it is
  // known that no replica lives to settle them.
  Async<std::size_t> lapse_all(Time now);
  // Whether Redis answers and will do. One round trip.
  Async<bool> ping();

  // Where the record of a call is; unknown_hold when that is not remembered of
  // the id, or no more (ids of calls that were settled through here are
  // forgotten after calls_remembered).
  struct RecordPlace {
    std::string hour;   // of its keys, see redis_record.h
    std::string entry;  // its id in the hour's stream
  };
  Async<RecordPlace> find_record(std::string id);
  // One command of the caller's own, as redis_command() writes it; one that may
  // be sent twice. An error that Redis answers with is a reply.
  Async<RedisReply> command(std::string words);
  // What all keys begin with: "{NAMESPACE}:".
  [[nodiscard]] std::string prefix() const;

  // Lives as long as the ledger.
  [[nodiscard]] const policy::Clock& clock() const;
  [[nodiscard]] RedisStats stats() const;

 private:
  class Core;
  explicit RedisLedger(std::shared_ptr<Core> core);
  Async<std::size_t> reap_all(Time now, bool all);

  std::shared_ptr<Core> core_;
};

}  // namespace budget::ledger
