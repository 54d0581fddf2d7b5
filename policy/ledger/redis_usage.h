// Questions about the past, answered from Redis.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "policy/counter.h"
#include "policy/ledger/redis_client.h"
#include "policy/ledger/usage_store.h"

namespace budget::ledger {

// Sums come from the cells of whole days and hours; records are looked at where
// a filter begins or ends within an hour, and where contexts or minutes are
// asked for. Listings count by the cells too, and so read only the hours that
// hold what is on the page. No command keeps Redis for longer than about a
// millisecond, and what is held in memory at once does not grow with the time
// that is asked about, except by what an answer is made of: its groups, or the
// times of one hour's records.
//
// An answer is put together from several reads: what settles meanwhile may be
// in one and not in another, but never twice.
class RedisUsage final : public UsageStore {
 public:
  // `ledger` must outlive it.
  explicit RedisUsage(RedisLedger& ledger);
  ~RedisUsage() override;

  std::expected<RecordPage, Error> records(const UsageFilter& filter, int page, int limit) override;
  std::expected<std::vector<UsageSum>, Error> summary(
      const UsageFilter& filter, const std::vector<std::string>& group_by) override;

  // The counters that are known, also of periods that are over; key and
  // partition only. Blocks.
  std::expected<std::vector<policy::CounterRef>, Error> counters();

 private:
  RedisClient client_;
};

}  // namespace budget::ledger
