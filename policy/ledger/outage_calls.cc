#include "policy/ledger/outage_calls.h"

#include <utility>

#include "policy/ledger/amounts.h"

namespace budget::ledger {

void OutageCalls::held(Owed call, Hold hold) {
  std::string id = call.id();
  const std::scoped_lock lock(mutex_);
  calls_.insert_or_assign(std::move(id), Call{std::move(call), hold == Hold::pending, false, hold});
}

void OutageCalls::extended(const std::string& id, const Amount& amount) {
  const std::scoped_lock lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Owed& hold = found->second.hold;
  for (OwedLine& line : hold.lines) line.held = most(line.held, amount);
  raise_to(hold.record, amount);
}

OutageCalls::Admitted OutageCalls::admitted(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return Admitted::unknown;
  return found->second.ended ? Admitted::ended : Admitted::live;
}

void OutageCalls::passed(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  found->second.pending = false;
  if (found->second.ended) calls_.erase(found);
}

std::optional<Owed> OutageCalls::hold_of(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return std::nullopt;
  return found->second.hold;
}

std::optional<OutageCalls::Hold> OutageCalls::began_as(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return std::nullopt;
  return found->second.began_as;
}

void OutageCalls::over(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  calls_.erase(id);
}

bool OutageCalls::over_while_pending(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end() || !found->second.pending) return false;
  found->second.ended = true;
  return true;
}

void OutageCalls::acknowledged(Owed end, std::chrono::steady_clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  while (!acknowledged_.empty() && (acknowledged_.front().at + replayed_for_ < now ||
                                    acknowledged_.size() >= replayed_max_)) {
    acknowledged_.pop_front();
  }
  if (replayed_max_ > 0) acknowledged_.push_back({std::move(end), now});
}

std::vector<Owed> OutageCalls::take_acknowledged(std::chrono::steady_clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  std::vector<Owed> ends;
  for (Acknowledged& each : acknowledged_) {
    if (each.at + replayed_for_ >= now) ends.push_back(std::move(each.end));
  }
  acknowledged_.clear();
  return ends;
}

std::vector<Owed> OutageCalls::holds() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Owed> holds;
  for (const auto& [id, call] : calls_) {
    if (!call.pending && call.began_as != Hold::unknown) holds.push_back(call.hold);
  }
  return holds;
}

}  // namespace budget::ledger
