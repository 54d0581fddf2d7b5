// The embedded ledger as a ledger under test, in a folder of its own.
#pragma once

#include <filesystem>
#include <string>

#include "policy/ledger/embedded_ledger.h"
#include "tests/contract/ledger_contract.h"

namespace budget::ledger {

// A folder that is new and empty, and gone at the end. In memory where the
// machine offers it: these tests kill processes, not machines.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class SetClock final : public policy::Clock {
 public:
  [[nodiscard]] Time now() const override { return now_.load(); }
  void set(Time now) { now_ = now; }

 private:
  std::atomic<Time> now_{at(1'800'000'000'000)};
};

// Every record of a store, by request id.
[[nodiscard]] std::vector<UsageRecord> all_records(UsageStore& usage);

[[nodiscard]] LedgerMaker embedded_maker();

}  // namespace budget::ledger
