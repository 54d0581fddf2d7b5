// What a ledger that survives outages remembers of the calls under way.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/ledger/owed.h"

namespace budget::ledger {

// Thread-safe; every operation is O(1) but the two that list.
class OutageCalls {
 public:
  OutageCalls(std::chrono::milliseconds replayed_for, std::size_t replayed_max)
      : replayed_for_(replayed_for), replayed_max_(replayed_max) {}

  enum class Hold : std::uint8_t {
    made,
    unknown,  // the reservation was not answered
    pending,  // the call goes on; it will be held when the store is back
  };
  void held(Owed call, Hold hold);
  void extended(const std::string& id, const Amount& amount);
  // What there is to do for the entry that says that a call was admitted.
  enum class Admitted : std::uint8_t {
    unknown,  // it was another process's, or is over: charge it
    live,     // hold it
    ended,    // nothing: what ended it comes later in the journal
  };
  [[nodiscard]] Admitted admitted(const std::string& id) const;
  // That entry has been dealt with.
  void passed(const std::string& id);
  // What a call holds; nullopt when it is not known.
  [[nodiscard]] std::optional<Owed> hold_of(const std::string& id) const;
  // What its hold was when the call began, whatever it is now.
  [[nodiscard]] std::optional<Hold> began_as(const std::string& id) const;
  void over(const std::string& id);
  // The same for a call that is pending: true, and what ends it must be kept
  // behind the entry that admitted it. False, and nothing done, if it is not.
  bool over_while_pending(const std::string& id);

  // The store has acknowledged the end of a call.
  void acknowledged(Owed end, std::chrono::steady_clock::time_point now);
  // What was acknowledged lately, oldest first; forgotten here.
  [[nodiscard]] std::vector<Owed> take_acknowledged(std::chrono::steady_clock::time_point now);
  // Every call that the store has said is held. Not those of unknown outcome: to
  // hold one again would let it in past its limits.
  [[nodiscard]] std::vector<Owed> holds() const;

 private:
  struct Call {
    Owed hold;
    bool pending = false;
    bool ended = false;  // only while pending
    Hold began_as = Hold::made;
  };
  struct Acknowledged {
    Owed end;
    std::chrono::steady_clock::time_point at;
  };

  const std::chrono::milliseconds replayed_for_;
  const std::size_t replayed_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Call> calls_;
  std::deque<Acknowledged> acknowledged_;
};

}  // namespace budget::ledger
