#include "admin/live/log_tail.h"

#include <utility>

namespace budget::admin {

LogTail::LogTail(StateStore& state, std::string log, Tell tell)
    : state_(state), log_(std::move(log)), tell_(std::move(tell)) {
  const auto last = state_.read_before(log_, std::nullopt, 1);
  if (last && !last->empty()) told_ = last->front().sequence;
}

void LogTail::follow() {
  const std::lock_guard lock(mutex_);
  while (true) {
    const auto entries = state_.read_after(log_, told_, at_once);
    // A store that is away tells of the change again when it is back.
    if (!entries) return;
    for (const StateEntry& entry : *entries) {
      told_ = entry.sequence;
      tell_(entry);
    }
    if (entries->size() < at_once) return;
  }
}

}  // namespace budget::admin
