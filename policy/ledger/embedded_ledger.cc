#include "policy/ledger/embedded_ledger.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <utility>

#include "policy/ledger/applier.h"
#include "policy/ledger/blocking.h"
#include "policy/ledger/books.h"
#include "policy/ledger/folder_lock.h"
#include "policy/ledger/journal.h"
#include "policy/ledger/sqlite_usage.h"
#include "policy/ledger/store_writer.h"

namespace budget::ledger {
namespace {

policy::SystemClock& system_clock() {
  static policy::SystemClock clock;
  return clock;
}

}  // namespace

// In the order of their making; destroyed in the reverse.
struct EmbeddedLedger::Parts {
  FolderLock lock;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Books> books;
  std::unique_ptr<Applier> applier;
  std::unique_ptr<SqliteUsage> usage;
  // Runs what has to ask the database, one at a time: so two corrections of
  // one record cannot both find it uncorrected.
  boost::asio::thread_pool slow{1};
  bool abandoned = false;

  std::expected<void, std::string> recover(const EmbeddedOptions& options, Database& database);
  Result<bool> record(UsageRecord record, const std::vector<CounterRef>& lines);
};

std::expected<void, std::string> EmbeddedLedger::Parts::recover(const EmbeddedOptions& options,
                                                                Database& database) {
  books = std::make_unique<Books>(*journal, options.ids_remembered);
  if (auto loaded = books->load(database); !loaded) return loaded;
  Statement ask(database, "SELECT value FROM meta WHERE name = 'position'");
  Position position = ask.next() ? static_cast<Position>(ask.number(0)) : 0;
  ask.reset();
  while (position < journal->head()) {
    std::string misfit;
    const auto next = journal->read(position, 4u << 20, [&](std::string_view payload, Position) {
      const auto entry = decode(payload);
      if (!entry) return false;
      if (const auto done = books->replay(*entry); !done) misfit = done.error();
      return misfit.empty();
    });
    if (!next) return std::unexpected(next.error() + (misfit.empty() ? "" : ": " + misfit));
    position = *next;
  }
  const std::size_t lapsed = books->lapse_all(options.clock->now());
  if (lapsed > 0 && options.log) {
    options.log(std::to_string(lapsed) +
                " calls that were open when the process ended were charged at what was held");
  }
  return {};
}

std::expected<std::unique_ptr<EmbeddedLedger>, std::string> EmbeddedLedger::open(
    EmbeddedOptions options) {
  if (!options.clock) options.clock = &system_clock();
  std::error_code failed;
  std::filesystem::create_directories(options.path, failed);
  if (failed) return std::unexpected(options.path + ": " + failed.message());
  auto parts = std::make_unique<Parts>();
  auto lock = FolderLock::take(options.path);
  if (!lock) return std::unexpected(std::move(lock.error()));
  parts->lock = std::move(*lock);

  const std::string database = options.path + "/ledger.sqlite";
  // SQLite gives a new file, and those beside it, the mode it finds: who calls
  // whom for how much is not for everybody on the machine.
  if (const int made = ::open(database.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); made >= 0) {
    ::close(made);
  }
  auto writer = StoreWriter::open(database);
  if (!writer) return std::unexpected(std::move(writer.error()));
  JournalOptions journal_options;
  journal_options.folder = options.path;
  journal_options.sync = options.journal_sync;
  journal_options.ring_bytes = options.ring_bytes;
  journal_options.segment_bytes = options.segment_bytes;
  journal_options.log = options.log;
  journal_options.write = options.write;
  auto journal = Journal::open(std::move(journal_options), (*writer)->position());
  if (!journal) return std::unexpected(std::move(journal.error()));
  parts->journal = std::move(*journal);
  if (auto recovered = parts->recover(options, (*writer)->database()); !recovered) {
    return std::unexpected(std::move(recovered.error()));
  }

  Parts* raw = parts.get();
  Applier::Options applier_options;
  applier_options.usage_retention = options.usage_retention;
  applier_options.log = options.log;
  applier_options.applied = [raw, most = options.journal_bytes_max] {
    raw->books->set_backlogged(raw->journal->bytes() > most);
  };
  parts->applier = std::make_unique<Applier>(*parts->journal, std::move(*writer), *options.clock,
                                             std::move(applier_options));
  auto usage = SqliteUsage::open(database, [raw] { return raw->applier->barrier(); });
  if (!usage) return std::unexpected(std::move(usage.error()));
  parts->usage = std::move(*usage);
  return std::unique_ptr<EmbeddedLedger>(new EmbeddedLedger(std::move(parts)));
}

EmbeddedLedger::EmbeddedLedger(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

EmbeddedLedger::~EmbeddedLedger() {
  parts_->slow.join();
  if (parts_->abandoned) return;
  // What cannot be written now is in the ring and is found at the next start.
  [[maybe_unused]] const auto flushed = flush();
}

void EmbeddedLedger::abandon() {
  parts_->slow.join();
  parts_->journal->abandon();
  parts_->abandoned = true;
}

std::vector<CounterRef> EmbeddedLedger::counters() {
  return parts_->books->counters();
}

UsageStore& EmbeddedLedger::usage() {
  return *parts_->usage;
}

std::expected<void, std::string> EmbeddedLedger::flush() {
  if (!parts_->journal->sync()) return std::unexpected("the journal cannot be written");
  return parts_->applier->barrier();
}

EmbeddedStats EmbeddedLedger::stats() const {
  const BooksStats books = parts_->books->stats();
  EmbeddedStats stats;
  stats.open_holds = books.open_holds;
  stats.lapsed = books.lapsed;
  stats.overruns = books.overruns;
  stats.journal_bytes = parts_->journal->bytes();
  const Position applied = parts_->applier->position();
  stats.backlog_bytes = parts_->journal->head() - applied;
  stats.owed = parts_->journal->owed();
  stats.disk_failing = parts_->journal->failing();
  return stats;
}

Async<ReserveOutcome> EmbeddedLedger::reserve(ReserveRequest request) {
  co_return parts_->books->reserve(std::move(request));
}

// Whether an id that is not open was resolved long ago. Errors: unavailable.
Async<bool> EmbeddedLedger::was_resolved(std::string id) {
  auto look = [parts = parts_.get(), wanted = std::move(id)]() -> Result<bool> {
    const auto found = parts->usage->find(wanted);
    if (!found) return std::unexpected(LedgerError::unavailable);
    if (*found) return true;
    const auto released = parts->usage->was_released(wanted);
    if (!released) return std::unexpected(LedgerError::unavailable);
    return *released;
  };
  co_return co_await run_blocking(parts_->slow, std::move(look));
}

namespace {

// The answer to an operation on a hold that is not open.
LedgerError error_for(const Result<bool>& resolved) {
  if (!resolved) return resolved.error();
  return *resolved ? LedgerError::already_resolved : LedgerError::unknown_hold;
}

template <class T>
bool is_unknown(const Result<T>& result) {
  return !result && result.error() == LedgerError::unknown_hold;
}

}  // namespace

Async<ReserveOutcome> EmbeddedLedger::extend(std::string id, Amount amount, Time lease_until) {
  auto outcome = parts_->books->extend(id, amount, lease_until);
  if (!is_unknown(outcome)) co_return outcome;
  const auto resolved = co_await was_resolved(std::move(id));
  co_return std::unexpected(error_for(resolved));
}

Async<SettleOutcome> EmbeddedLedger::settle(UsageRecord record) {
  std::string id = record.request_id;
  auto outcome = parts_->books->settle(std::move(record));
  if (!is_unknown(outcome)) co_return outcome;
  const auto resolved = co_await was_resolved(std::move(id));
  co_return std::unexpected(error_for(resolved));
}

Async<bool> EmbeddedLedger::release(std::string id) {
  auto outcome = parts_->books->release(id);
  if (!is_unknown(outcome)) co_return outcome;
  const auto resolved = co_await was_resolved(std::move(id));
  co_return std::unexpected(error_for(resolved));
}

Async<std::size_t> EmbeddedLedger::reap(Time now) {
  co_return parts_->books->reap(now);
}

// Runs on the slow thread.
Result<bool> EmbeddedLedger::Parts::record(UsageRecord record,
                                           const std::vector<CounterRef>& lines) {
  const auto found = usage->find(record.request_id);
  if (!found) return std::unexpected(LedgerError::unavailable);
  if (!*found) return books->add_record(std::move(record), lines);
  const StoredRecord& first = **found;
  if (!first.record.estimated) return std::unexpected(LedgerError::already_resolved);
  record.timestamp = first.record.timestamp;
  record.policies = first.record.policies;
  books->correct_record(first.record, std::move(record), first.counters);
  return false;
}

Async<bool> EmbeddedLedger::record(UsageRecord record, std::vector<CounterRef> lines) {
  auto work = [parts = parts_.get(), what = std::move(record),
               where = std::move(lines)]() mutable -> Result<bool> {
    return parts->record(std::move(what), where);
  };
  co_return co_await run_blocking(parts_->slow, std::move(work));
}

Async<ReserveOutcome> EmbeddedLedger::allocate(AllocateRequest request) {
  co_return parts_->books->allocate(request);
}

Async<AllocationState> EmbeddedLedger::allocation(std::string id) {
  co_return parts_->books->allocation(id);
}

Async<AllocationState> EmbeddedLedger::release_allocation(std::string id) {
  co_return parts_->books->release_allocation(id);
}

Async<std::vector<CounterState>> EmbeddedLedger::read(std::vector<CounterRef> counters, Time now) {
  co_return parts_->books->read(counters, now);
}

}  // namespace budget::ledger
