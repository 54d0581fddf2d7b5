#include "policy/ledger/courier.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "policy/ledger/delivery.h"

namespace budget::ledger {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;
constexpr asio::as_tuple_t<asio::use_awaitable_t<asio::io_context::executor_type>> kToken{};

// Entries in one pipeline: enough that a round trip is shared by many.
constexpr std::size_t kBatchMax = 256;

void rethrow(const std::exception_ptr& error) {
  if (error) std::rethrow_exception(error);
}

}  // namespace

Courier::Courier(Ledger& store, SettlementJournal& journal, OutageCalls& calls,
                 CourierOptions options)
    : store_(store),
      journal_(journal),
      calls_(calls),
      options_(std::move(options)),
      timer_(loop_.get_executor()),
      random_(std::random_device{}()) {
  if (const Backlog left = journal_.backlog(); left.entries > 0) {
    log(std::to_string(left.entries) +
        " settlements that the process before kept wait to be delivered");
    away_since_ = steady_clock::now();
  }
  asio::co_spawn(loop_, run(), rethrow);
  thread_ = std::thread([this] { loop_.run(); });
}

Courier::~Courier() {
  stopping_ = true;
  loop_.stop();
  thread_.join();
}

void Courier::log(std::string_view text) const {
  if (options_.log) options_.log(text);
}

void Courier::wake() {
  if (!asleep_.exchange(false)) return;
  asio::post(loop_, [this] { timer_.cancel(); });
}

void Courier::store_is_away(std::string_view why) {
  if (away_.exchange(true)) return;
  {
    const std::scoped_lock lock(mutex_);
    if (away_since_ == steady_clock::time_point{}) away_since_ = steady_clock::now();
  }
  log("the store does not take settlements (" + std::string(why) +
      "): they are kept on disk until it does");
}

void Courier::all_delivered() {
  std::int64_t late = 0;
  steady_clock::time_point since;
  {
    const std::scoped_lock lock(mutex_);
    late = std::exchange(late_, 0);
    since = std::exchange(away_since_, {});
  }
  empty_.notify_all();
  if (late == 0) return;
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(steady_clock::now() - since).count();
  log("all " + std::to_string(late) + " settlements that were kept have been delivered, " +
      std::to_string(since == steady_clock::time_point{} ? 0 : seconds) + " s after the first was");
}

void Courier::hold_again(std::vector<Owed> holds) {
  if (holds.empty()) return;
  {
    const std::scoped_lock lock(mutex_);
    std::ranges::move(holds, std::back_inserter(to_hold_));
  }
  wake();
}

bool Courier::drained(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return empty_.wait_for(lock, patience,
                         [this] { return to_hold_.empty() && journal_.backlog().entries == 0; });
}

Courier::Awaitable<void> Courier::run() {
  auto wait = options_.retry_first;
  while (!stopping_) {
    const Pass passed = co_await pass();
    if (passed == Pass::progress) {
      wait = options_.retry_first;
      continue;
    }
    if (passed == Pass::idle) {
      wait = options_.retry_first;
      timer_.expires_at(steady_clock::time_point::max());
      asleep_ = true;
      // What was kept before it slept woke nobody.
      bool nothing = journal_.backlog().entries == 0;
      {
        const std::scoped_lock lock(mutex_);
        nothing = nothing && to_hold_.empty();
      }
      if (nothing) co_await timer_.async_wait(kToken);
      asleep_ = false;
      continue;
    }
    std::uniform_int_distribution<std::int64_t> jitter(wait.count() / 2, wait.count());
    timer_.expires_after(std::chrono::milliseconds(jitter(random_)));
    co_await timer_.async_wait(kToken);
    wait = std::min(options_.retry_longest, 2 * wait);
  }
}

Courier::Awaitable<Courier::Pass> Courier::pass() {
  if (!co_await hold_again_now()) co_return Pass::stuck;
  if (journal_.backlog().entries == 0) {
    all_delivered();
    co_return Pass::idle;
  }
  auto batch = journal_.next(kBatchMax);
  if (!batch) {
    // Said once: the disk may mend, and until then nothing is lost.
    if (unreadable_ != batch.error()) {
      log("what is kept for the store cannot be read: " + batch.error());
    }
    unreadable_ = batch.error();
    co_return Pass::stuck;
  }
  if (batch->entries.empty()) co_return Pass::stuck;  // its disk is full: it is in memory yet
  const std::vector<bool> done = co_await deliver_all(batch->entries);
  const auto count = std::ranges::count(done, true);
  if (count == 0) co_return Pass::stuck;
  // The store takes some and not these: they must not keep the rest waiting.
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (!done[i]) journal_.keep(batch->entries[i], Journal::Need::must_keep);
  }
  delivered_ += count;
  {
    const std::scoped_lock lock(mutex_);
    late_ += count;
  }
  if (!journal_.delivered(*batch)) log("what was delivered cannot be noted on disk");
  co_return Pass::progress;
}

Courier::Awaitable<bool> Courier::hold_again_now() {
  std::vector<Owed> holds;
  {
    const std::scoped_lock lock(mutex_);
    holds = to_hold_;
  }
  if (holds.empty()) co_return true;
  const std::size_t taken = holds.size();
  // Those that have ended meanwhile need none.
  std::erase_if(holds, [this](const Owed& hold) {
    return calls_.admitted(hold.id()) != OutageCalls::Admitted::live;
  });
  const std::vector<bool> done = co_await deliver_all(holds);
  std::vector<Owed> left;
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (!done[i]) left.push_back(std::move(holds[i]));
  }
  held_again_ += std::ranges::count(done, true);
  const std::scoped_lock lock(mutex_);
  to_hold_.erase(to_hold_.begin(), to_hold_.begin() + static_cast<std::ptrdiff_t>(taken));
  std::ranges::copy(left, std::back_inserter(to_hold_));
  const bool all = left.empty();
  co_return all;
}

Courier::Awaitable<void> Courier::deliver_one(const Owed& owed, bool& done, std::size_t& left) {
  const bool live = owed.kind == Owed::Kind::admitted &&
                    calls_.admitted(owed.id()) == OutageCalls::Admitted::live;
  const auto outcome = co_await deliver(store_, owed, options_.clock->now(), live);
  done = outcome && *outcome != Delivered::later;
  if (done) away_.store(false, std::memory_order_relaxed);
  if (done && *outcome == Delivered::lost) ++lost_;
  if (done && live) calls_.passed(owed.id());
  if (--left == 0) timer_.cancel();
}

Courier::Awaitable<std::vector<bool>> Courier::deliver_all(const std::vector<Owed>& entries) {
  // Not vector<bool>: each is written by a coroutine of its own.
  const auto done = std::make_unique<bool[]>(entries.size());
  for (std::size_t i = 0; i < entries.size();) {
    // One id twice in a pipeline would race with itself: the second waits.
    std::unordered_set<std::string_view> ids;
    std::size_t left = 0;
    timer_.expires_at(steady_clock::time_point::max());
    for (; i < entries.size(); ++i) {
      const Owed& owed = entries[i];
      if (owed.kind == Owed::Kind::admitted &&
          calls_.admitted(owed.id()) == OutageCalls::Admitted::ended) {
        calls_.passed(owed.id());
        done[i] = true;
        continue;
      }
      if (!ids.insert(owed.id()).second) break;
      ++left;
      asio::co_spawn(loop_, deliver_one(owed, done[i], left), rethrow);
    }
    // deliver_one() counts it down.
    // NOLINTNEXTLINE(bugprone-infinite-loop)
    while (left > 0) co_await timer_.async_wait(kToken);
  }
  co_return std::vector<bool>(done.get(), done.get() + entries.size());
}

}  // namespace budget::ledger
