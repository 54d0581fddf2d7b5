// What people and components make at run time: API-made budgets, overrides,
// keys, allocations' notes, price overrides, alerts, messages, the audit log.
// One seam for all of it, so that on Redis every replica sees the same.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/clock.h"

namespace budget::admin {

// One document of a collection. `version` begins at 1 and grows with every
// write of the item; it is what an ETag shows.
struct StateItem {
  std::string id;
  std::string body;  // JSON; never a secret that is not hashed
  std::int64_t version = 0;

  friend bool operator==(const StateItem&, const StateItem&) = default;
};

// One line of a log. `sequence` grows within its log, without going back, and
// is the same on every replica.
struct StateEntry {
  std::int64_t sequence = 0;
  std::string body;  // JSON

  friend bool operator==(const StateEntry&, const StateEntry&) = default;
};

enum class StateError : std::uint8_t {
  unavailable,  // the store cannot be asked, or its disk fails; nothing is known to be done
  conflict,     // the item has another version than was expected
};

// What was written, by this process or another. A collection's change carries
// the item's id; a log's, "".
struct StateChange {
  std::string name;  // of the collection or log
  std::string id;
};

// Seam: SQLite for the embedded store, Redis for replicas. Every operation is
// atomic and, once it has returned, as durable as the store's counters, and
// seen by every later read of this process; by others within a second.
// Thread-safe. Blocking: call it from a thread that may block, never from a
// worker. Names of collections and logs are [a-z_]+, chosen in code.
class StateStore {
 public:
  template <class T>
  using Result = std::expected<T, StateError>;
  using Listener = std::function<void(const StateChange&)>;

  virtual ~StateStore() = default;

  // Sorted by id. Collections are small: thousands, not millions.
  virtual Result<std::vector<StateItem>> list(std::string_view collection) = 0;
  virtual Result<std::optional<StateItem>> get(std::string_view collection,
                                               std::string_view id) = 0;
  // Writes the item and returns its new version. `expected`: the version it
  // must have before, 0 for "must not exist"; nullopt: whatever it has.
  virtual Result<std::int64_t> put(std::string_view collection, std::string_view id,
                                   std::string_view body, std::optional<std::int64_t> expected) = 0;
  // False: there was none.
  virtual Result<bool> erase(std::string_view collection, std::string_view id,
                             std::optional<std::int64_t> expected) = 0;

  // Adds a line and returns its sequence. The log keeps its latest `keep` lines
  // (or a little more).
  virtual Result<std::int64_t> append(std::string_view log, std::string_view body,
                                      std::int64_t keep) = 0;
  // Lines after `sequence`, oldest first, at most `limit`.
  virtual Result<std::vector<StateEntry>> read_after(std::string_view log, std::int64_t sequence,
                                                     std::size_t limit) = 0;
  // Lines before `sequence` (nullopt: the end), newest first, at most `limit`.
  virtual Result<std::vector<StateEntry>> read_before(std::string_view log,
                                                      std::optional<std::int64_t> sequence,
                                                      std::size_t limit) = 0;

  // True for exactly one caller, of all replicas, until `until`: "this alert is
  // mine to raise", "I fetch the prices this hour".
  virtual Result<bool> claim(std::string_view what, policy::Time until) = 0;

  // Called after every change, on a thread of the store's own or the writer's;
  // must not block long, and must not call back into the store. A listener
  // that is told of name "" has missed changes and reads everything again.
  // The listener must outlive the store, or be there until close().
  virtual void listen(Listener listener) = 0;
};

}  // namespace budget::admin
