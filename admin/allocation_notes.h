// What allocations were made for; how much is left of them the ledger knows.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "admin/allocation_directory.h"
#include "admin/state/state_store.h"
#include "policy/clock.h"

namespace budget::admin {

struct AllocationNote {
  std::string id;
  std::string context_id;
  std::string budget_id;
  std::string description;  // the request's other fields, a JSON object
  policy::Time created_at;
  std::optional<policy::Time> expires_at;
  bool ended = false;  // given back

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

// Kept in the state store, which must outlive this. Thread-safe; all but
// of_context() blocks on the store. Errors are sentences. Listing reads all
// notes.
class AllocationNotes final : public AllocationDirectory {
 public:
  static constexpr std::string_view collection = "allocations";

  explicit AllocationNotes(StateStore& store) : store_(store) {}

  [[nodiscard]] std::string of_context(std::string_view context_id, std::string_view component,
                                       policy::Time now) const override;
  // Reads anew what of_context() knows: the notes are others. What the store
  // does not tell stays as it was.
  void reload();

  // The note that stands under its id: an earlier one is kept.
  std::expected<AllocationNote, std::string> add(const AllocationNote& note);
  std::expected<std::optional<AllocationNote>, std::string> find(const std::string& id);
  // REQUIRES: page >= 1, limit >= 1.
  std::expected<AllocationNotePage, std::string> list(const AllocationFilter& filter, int page,
                                                      int limit);
  std::expected<void, std::string> remove(const std::string& id);
  // It was given back: no call is to draw on it.
  std::expected<void, std::string> end(const std::string& id);

 private:
  struct Open {
    std::string id, component;
    policy::Time created_at;
    std::optional<policy::Time> expires_at;
  };

  void index(const AllocationNote& note);
  void forget(const std::string& id);

  StateStore& store_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::vector<Open>, std::less<>> open_;  // by context; guarded
};

}  // namespace budget::admin
