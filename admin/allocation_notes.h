// What allocations were made for; how much is left of them the ledger knows.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "admin/state/state_store.h"
#include "policy/clock.h"

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

// Kept in the state store, which must outlive this. Thread-safe; blocks on the
// store. Errors are sentences. Listing reads all notes.
class AllocationNotes {
 public:
  explicit AllocationNotes(StateStore& store) : store_(store) {}

  // The note that stands under its id: an earlier one is kept.
  std::expected<AllocationNote, std::string> add(const AllocationNote& note);
  std::expected<std::optional<AllocationNote>, std::string> find(const std::string& id);
  // REQUIRES: page >= 1, limit >= 1.
  std::expected<AllocationNotePage, std::string> list(const AllocationFilter& filter, int page,
                                                      int limit);
  std::expected<void, std::string> remove(const std::string& id);

 private:
  StateStore& store_;
};

}  // namespace budget::admin
