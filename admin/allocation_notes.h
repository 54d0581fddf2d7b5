// What allocations were made for; how much is left of them the ledger knows.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "policy/clock.h"
#include "policy/ledger/sqlite.h"

namespace budget::admin {

struct AllocationNote {
  std::string id;
  std::string context_id;
  std::string budget_id;
  std::string description;  // the request's other fields, a JSON object
  policy::Time created_at;

  friend bool operator==(const AllocationNote&, const AllocationNote&) = default;
};

// Which notes. An empty field does not filter.
struct AllocationFilter {
  std::string context_id, budget_id, component;
};

struct AllocationNotePage {
  std::vector<AllocationNote> notes;  // newest first
  std::int64_t total = 0;             // matching the filter
};

// Kept in the admin database. Thread-safe; blocks on the disk. Errors are
// sentences.
class AllocationNotes {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<AllocationNotes>, std::string> open(
      const std::string& file);

  // The note that stands under its id: an earlier one is kept.
  std::expected<AllocationNote, std::string> add(const AllocationNote& note);
  std::expected<std::optional<AllocationNote>, std::string> find(const std::string& id);
  // REQUIRES: page >= 1, limit >= 1.
  std::expected<AllocationNotePage, std::string> list(const AllocationFilter& filter, int page,
                                                      int limit);
  std::expected<void, std::string> remove(const std::string& id);

 private:
  explicit AllocationNotes(std::unique_ptr<ledger::Database> database)
      : database_(std::move(database)) {}
  std::expected<std::optional<AllocationNote>, std::string> read(const std::string& id);

  std::mutex mutex_;
  std::unique_ptr<ledger::Database> database_;
};

}  // namespace budget::admin
