#include <algorithm>

#include "proxy/simulated/simulator.h"

namespace budget::simulated {
namespace {

// A slice is held in memory; a larger one would undo the script's laziness.
constexpr std::size_t chunk_bytes_max = std::size_t{16} << 20;

}  // namespace

Script::Script(std::string whole_body, const Steering& steering)
    : Script(std::unique_ptr<Events>(), steering) {
  pending_ = std::move(whole_body);
}

Script::Script(std::unique_ptr<Events> events, const Steering& steering)
    : events_(std::move(events)),
      gap_(steering.gap),
      chunk_bytes_(std::min(steering.chunk_bytes, chunk_bytes_max)) {
  // Of a break and a stall the earlier one happens.
  if (steering.break_after) {
    left_ = steering.break_after;
    steered_ = Ending::connection_drop;
  }
  if (steering.stall_after && (!left_ || *steering.stall_after < *left_)) {
    left_ = steering.stall_after;
    steered_ = Ending::silence;
  }
}

// Adds an event's bytes to pending_; false when there is none left.
bool Script::pull() {
  if (!events_) return false;
  const bool continues = events_->inside_event();
  if (!events_->next(pending_)) return false;
  if (started_ && !continues) pause_ += gap_;
  started_ = true;
  return true;
}

// As much of `bytes` as the steered ending allows.
std::string_view Script::cut(std::string_view bytes) {
  if (!left_) return bytes;
  bytes = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), *left_));
  *left_ -= bytes.size();
  return bytes;
}

std::optional<Piece> Script::next() {
  if (ended_) return std::nullopt;
  // What was handed out is dropped once it is the larger half, so that small
  // slices of a long event cost no more than one copy of it.
  if (taken_ > pending_.size() / 2) {
    pending_.erase(0, taken_);
    taken_ = 0;
  }
  std::size_t ready = pending_.size() - taken_;
  while (ready == 0 || ready < chunk_bytes_) {
    if (!pull()) break;
    ready = pending_.size() - taken_;
  }
  const std::size_t wanted = chunk_bytes_ == 0 ? ready : std::min(ready, chunk_bytes_);
  const std::string_view bytes = cut(std::string_view(pending_).substr(taken_, wanted));
  if (bytes.empty()) {
    ended_ = true;
    // Reaching the steered length exactly at the end is still that ending: the
    // body's end must not be told.
    ending_ = left_ && *left_ == 0 ? steered_ : Ending::complete;
    return std::nullopt;
  }
  taken_ += bytes.size();
  if (!events_ && std::exchange(started_, true)) pause_ = gap_;
  return Piece{std::exchange(pause_, std::chrono::milliseconds{}), bytes};
}

}  // namespace budget::simulated
