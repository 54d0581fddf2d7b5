// A ledger whose store fails when a test says so.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <random>
#include <utility>

#include "tests/contract/model_ledger.h"

namespace budget::ledger {

// Passes everything on to the model behind it, or answers as a store that is
// away would. Thread-safe.
class FaultyLedger final : public Ledger {
 public:
  enum class Fault : std::uint8_t {
    none,
    unavailable,  // not done
    timeout,      // not done, and nobody knows
    done_late,    // done, but the answer is lost
    any,          // each operation by chance; half of them succeed
  };

  explicit FaultyLedger(ModelLedger& store, std::uint64_t seed = 1)
      : store_(&store), random_(seed) {}

  void set(Fault fault) { fault_ = fault; }
  // Another server answers from now on.
  void replace(ModelLedger& store) { store_ = &store; }
  // Settlements and records of this id are always refused.
  void refuse(std::string id) {
    const std::scoped_lock lock(mutex_);
    refused_ = std::move(id);
  }
  [[nodiscard]] std::int64_t asked() const { return asked_; }

  Async<ReserveOutcome> reserve(ReserveRequest request) override {
    return ask(store_.load()->reserve(std::move(request)), "");
  }
  Async<ReserveOutcome> extend(std::string id, Amount amount, Time lease_until) override {
    return ask(store_.load()->extend(std::move(id), amount, lease_until), "");
  }
  Async<SettleOutcome> settle(UsageRecord record) override {
    const std::string id = record.request_id;
    return ask(store_.load()->settle(std::move(record)), id);
  }
  Async<bool> release(std::string id) override {
    return ask(store_.load()->release(std::move(id)), "");
  }
  Async<std::size_t> reap(Time now) override { return ask(store_.load()->reap(now), ""); }
  Async<bool> record(UsageRecord record, std::vector<CounterRef> lines) override {
    const std::string id = record.request_id;
    return ask(store_.load()->record(std::move(record), std::move(lines)), id);
  }
  Async<ReserveOutcome> allocate(AllocateRequest request) override {
    return ask(store_.load()->allocate(std::move(request)), "");
  }
  Async<AllocationState> allocation(std::string id) override {
    return ask(store_.load()->allocation(std::move(id)), "");
  }
  Async<AllocationState> release_allocation(std::string id) override {
    return ask(store_.load()->release_allocation(std::move(id)), "");
  }
  Async<std::vector<CounterState>> read(std::vector<CounterRef> counters, Time now) override {
    return ask(store_.load()->read(std::move(counters), now), "");
  }

 private:
  Fault draw(const std::string& id) {
    const std::scoped_lock lock(mutex_);
    if (!id.empty() && id == refused_) return Fault::unavailable;
    const Fault fault = fault_;
    if (fault != Fault::any) return fault;
    const auto drawn = random_() % 6;
    return drawn < 3 ? Fault::none : static_cast<Fault>(drawn - 2);
  }

  // An operation of the model does nothing until it is awaited.
  template <class T>
  Async<T> ask(Async<T> operation, std::string id) {
    ++asked_;
    const Fault fault = draw(id);
    if (fault == Fault::unavailable) co_return std::unexpected(LedgerError::unavailable);
    if (fault == Fault::timeout) co_return std::unexpected(LedgerError::timeout);
    auto outcome = co_await std::move(operation);
    if (fault == Fault::done_late) co_return std::unexpected(LedgerError::timeout);
    co_return outcome;
  }

  std::atomic<ModelLedger*> store_;
  std::atomic<Fault> fault_{Fault::none};
  std::atomic<std::int64_t> asked_{0};
  std::mutex mutex_;
  std::mt19937_64 random_;
  std::string refused_;
};

}  // namespace budget::ledger
