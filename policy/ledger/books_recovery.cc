// How the books are filled again: from the database, then from the journal.
#include <utility>

#include "policy/ledger/amounts.h"
#include "policy/ledger/books.h"
#include "policy/ledger/codec.h"

namespace budget::ledger {
namespace {

std::unexpected<std::string> damaged(std::string_view what) {
  return std::unexpected("ledger.sqlite: " + std::string(what) + " cannot be read");
}

Amount amount_in(const Statement& row, int first_column) {
  return {pricing::Money(row.number(first_column)), pricing::Tokens(row.number(first_column + 1)),
          pricing::Tokens(row.number(first_column + 2))};
}

}  // namespace

std::expected<void, std::string> Books::load(Database& database) {
  if (auto loaded = load_counters(database); !loaded) return loaded;
  if (auto loaded = load_allocations(database); !loaded) return loaded;
  if (auto loaded = load_holds(database); !loaded) return loaded;
  Statement ids(database,
                "SELECT request_id FROM (SELECT request_id, sequence FROM records ORDER BY "
                "sequence DESC LIMIT ?1) ORDER BY sequence");
  ids.bind(1, resolved_ids_max);
  while (ids.next()) shard_of(ids.bytes(0)).resolved.add(ids.bytes(0));
  Statement released(database, "SELECT id FROM released ORDER BY sequence");
  while (released.next()) shard_of(released.bytes(0)).resolved.add(released.bytes(0));
  if (!database.ok()) return std::unexpected(database.take_error());
  return {};
}

std::expected<void, std::string> Books::load_counters(Database& database) {
  Statement rows(database, "SELECT number, cost, input, output, requests, ref FROM counters");
  while (rows.next()) {
    Decoder decoder(rows.bytes(5));
    const CounterRef ref = decoder.counter();
    if (!decoder.complete()) return damaged("a counter");
    Counter& counter = counters_.add(ref, rows.number(0));
    counters_.number_seen(rows.number(0));
    counter.spent = amount_in(rows, 1);
    counter.requests = rows.number(4);
    by_number_[counter.number] = &counter;
  }
  Statement buckets(database,
                    "SELECT number, cost, input, output, requests, bucket FROM buckets "
                    "ORDER BY number, bucket");
  while (buckets.next()) {
    const auto found = by_number_.find(buckets.number(0));
    if (found == by_number_.end() || !found->second->window) return damaged("a bucket");
    found->second->window->add(buckets.number(5), amount_in(buckets, 1), buckets.number(4));
  }
  return {};
}

std::expected<void, std::string> Books::load_allocations(Database& database) {
  Statement rows(database, "SELECT entry, ended FROM allocations ORDER BY sequence");
  while (rows.next()) {
    auto entry = decode(rows.bytes(0));
    auto* kept = entry ? std::get_if<AllocationKept>(&*entry) : nullptr;
    if (!kept) return damaged("an allocation");
    if (rows.number(1) == 0) {
      if (!on(*kept)) return damaged("an allocation");
      continue;
    }
    auto ended = std::make_unique<Allocation>();
    ended->remaining.resize(kept->lines.size());
    ended->kept = std::move(*kept);
    ended->ended = true;
    ended_allocations_.push_back(ended->kept.id);
    allocations_[ended->kept.id] = std::move(ended);
  }
  Statement consumed(database, "SELECT number, cost, input, output, id FROM consumed");
  while (consumed.next()) {
    Allocation* allocation = live_allocation(consumed.text(4));
    const auto counter = by_number_.find(consumed.number(0));
    if (!allocation || counter == by_number_.end()) return damaged("an allocation's use");
    const std::size_t line = line_on(*allocation, counter->second);
    if (line >= allocation->remaining.size()) return damaged("an allocation's use");
    const Amount used = amount_in(consumed, 1);
    allocation->remaining[line] = minus(allocation->remaining[line], used);
    counter->second->reserved = minus(counter->second->reserved, used);
  }
  return {};
}

std::expected<void, std::string> Books::load_holds(Database& database) {
  Statement rows(database, "SELECT entry FROM holds");
  while (rows.next()) {
    auto entry = decode(rows.bytes(0));
    auto* kept = entry ? std::get_if<HoldKept>(&*entry) : nullptr;
    if (!kept || !on(*kept)) return damaged("a hold");
  }
  return {};
}

std::expected<void, std::string> Books::replay(const Entry& entry) {
  const bool done = std::visit([this](const auto& each) { return on(each); }, entry);
  if (!done) return std::unexpected("the journal does not fit ledger.sqlite");
  return {};
}

bool Books::find_counters(const std::vector<KeptLine>& lines, std::vector<Counter*>& counters,
                          CounterTable::Shards& shards) {
  for (const KeptLine& line : lines) {
    const auto found = by_number_.find(line.counter);
    if (found == by_number_.end()) return false;
    counters.push_back(found->second);
    shards |= CounterTable::bit_of(found->second->ref.key);
  }
  return true;
}

bool Books::on(const CounterDefined& entry) {
  counters_.number_seen(entry.number);
  by_number_[entry.number] = &counters_.add(entry.ref, entry.number);
  return true;
}

bool Books::on(const CounterForgotten& entry) {
  const auto found = by_number_.find(entry.number);
  if (found == by_number_.end()) return false;
  const std::string key = found->second->ref.key;
  by_number_.erase(found);
  counters_.remove(key);
  return true;
}

// A hold that is known already was extended: the new takes the old one's place.
bool Books::on(const HoldKept& entry) {
  auto& place = shard_of(entry.id).holds[entry.id];
  if (place && place->kept.lines.size() != entry.lines.size()) return false;
  auto hold = std::make_unique<Hold>();
  hold->kept = entry;
  if (!find_counters(entry.lines, hold->counters, hold->shards)) return false;
  Allocation* lender = live_allocation(entry.allocation_id);
  for (std::size_t i = 0; i < entry.lines.size(); ++i) {
    Counter& counter = *hold->counters[i];
    const KeptLine before = place ? place->kept.lines[i] : KeptLine{};
    const KeptLine& after = entry.lines[i];
    const Amount drawn = minus(after.drawn, before.drawn);
    counter.reserved = plus(counter.reserved, minus(after.amount, before.amount));
    if (!place) counter.in_flight += 1;
    // What was lent by an allocation that has ended is the call's own by now.
    const std::size_t lent = lender ? line_on(*lender, &counter) : 0;
    if (!lender || lent >= lender->remaining.size()) continue;
    counter.reserved = minus(counter.reserved, drawn);
    lender->remaining[lent] = minus(lender->remaining[lent], drawn);
  }
  if (!place) open_holds_.fetch_add(1, std::memory_order_relaxed);
  place = std::move(hold);
  return true;
}

bool Books::on(const HoldReleased& entry) {
  HoldShard& shard = shard_of(entry.id);
  const auto open = shard.holds.find(entry.id);
  if (open == shard.holds.end()) return false;
  end_hold(*open->second, live_allocation(open->second->kept.allocation_id), {});
  shard.holds.erase(open);
  shard.resolved.add(entry.id);
  return true;
}

bool Books::on(const Charged& entry) {
  const std::string& id = entry.record.request_id;
  HoldShard& shard = shard_of(id);
  if (const auto open = shard.holds.find(id); open != shard.holds.end()) {
    end_hold(*open->second, live_allocation(entry.allocation_id), used_by(entry.record));
    shard.holds.erase(open);
  }
  for (const ChargedLine& line : entry.lines) {
    const auto found = by_number_.find(line.counter);
    if (found == by_number_.end()) return false;
    found->second->charge(entry.record.timestamp, used_by(entry.record), 1);
  }
  shard.resolved.add(id);
  return true;
}

bool Books::on(const Corrected& entry) {
  const Amount difference = minus(used_by(entry.record), entry.before);
  for (const std::int64_t number : entry.lines) {
    const auto found = by_number_.find(number);
    if (found == by_number_.end()) return false;
    found->second->charge(entry.record.timestamp, difference, 0);
  }
  return true;
}

bool Books::on(const AllocationKept& entry) {
  auto allocation = std::make_unique<Allocation>();
  allocation->kept = entry;
  if (!find_counters(entry.lines, allocation->counters, allocation->shards)) return false;
  for (std::size_t i = 0; i < entry.lines.size(); ++i) {
    Counter& counter = *allocation->counters[i];
    allocation->remaining.push_back(entry.lines[i].amount);
    counter.reserved = plus(counter.reserved, entry.lines[i].amount);
    counter.allocations += 1;
  }
  if (entry.expires_at) due_at(*entry.expires_at);
  allocations_[entry.id] = std::move(allocation);
  return true;
}

bool Books::on(const AllocationEnded& entry) {
  Allocation* allocation = live_allocation(entry.id);
  if (!allocation) return false;
  for (std::size_t i = 0; i < allocation->counters.size(); ++i) {
    Counter& counter = *allocation->counters[i];
    counter.reserved = minus(counter.reserved, allocation->remaining[i]);
    counter.allocations -= 1;
    allocation->remaining[i] = {};
  }
  allocation->counters.clear();
  allocation->ended = true;
  ended_allocations_.push_back(entry.id);
  return true;
}

}  // namespace budget::ledger
