#include "policy/ledger/redis_with_journal.h"

#include <utility>

namespace budget::ledger {

std::expected<std::unique_ptr<RedisWithJournal>, std::string> RedisWithJournal::open(
    RedisOptions redis, OutageOptions outage) {
  std::unique_ptr<RedisWithJournal> made(new RedisWithJournal());
  redis.on_other_server = [link = made->link_] {
    const std::scoped_lock lock(link->mutex);
    if (link->ledger) link->ledger->store_changed();
  };
  auto opened = RedisLedger::open(std::move(redis));
  if (!opened) return std::unexpected(std::move(opened.error()));
  made->redis_ = std::move(*opened);
  if (!outage.clock) outage.clock = &made->redis_->clock();
  auto kept = OutageLedger::open(*made->redis_, std::move(outage));
  if (!kept) return std::unexpected(std::move(kept.error()));
  made->outage_ = std::move(*kept);
  const std::scoped_lock lock(made->link_->mutex);
  made->link_->ledger = made->outage_.get();
  return made;
}

RedisWithJournal::~RedisWithJournal() {
  // A connection of a loop that runs on may come up to another server yet.
  const std::scoped_lock lock(link_->mutex);
  link_->ledger = nullptr;
}

}  // namespace budget::ledger
