// The alerts that were raised, kept so that every replica sees them.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/alerts/alert.h"
#include "admin/answer.h"
#include "admin/state/state_store.h"

namespace budget::admin {

struct AlertFilter {
  std::string type, severity, policy_id, budget_id;
  std::optional<bool> acknowledged;
};

// Over a StateStore; blocks as it does. Thread-safe.
class AlertBook {
 public:
  static constexpr std::string_view collection = "alerts";
  // What is written to it, for the live feed of every replica.
  static constexpr std::string_view log = "alert_events";
  static constexpr std::size_t kept = 2'000;

  explicit AlertBook(StateStore& state) : state_(state) {}

  // Keeps a new alert and returns it as the API shows it: id, type, severity,
  // message, policy_id, budget_id, partition, component, model, details,
  // timestamp, acknowledged, acknowledged_by, acknowledged_at, note. The oldest
  // go when there are too many.
  StateStore::Result<json::object> add(const Alert& alert, policy::Time now);
  // Newest first.
  StateStore::Result<std::vector<json::object>> list(const AlertFilter& filter);
  StateStore::Result<std::optional<json::object>> find(const std::string& id);
  // The first to acknowledge stands; a later one is told of it, and changes
  // nothing. nullopt: there is no such alert.
  StateStore::Result<std::optional<json::object>> acknowledge(const std::string& id,
                                                              const std::string& who,
                                                              const std::string& note,
                                                              policy::Time now);

 private:
  void forget_oldest();

  StateStore& state_;
};

// An alert as add() makes it.
[[nodiscard]] json::object alert_json(const Alert& alert, std::string id, policy::Time now);

}  // namespace budget::admin
