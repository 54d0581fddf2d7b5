// What is added to a log of the state store, told once on every replica.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "admin/state/state_store.h"

namespace budget::admin {

// From its making on. Thread-safe; asks the store, which blocks.
class LogTail {
 public:
  using Tell = std::function<void(const StateEntry&)>;
  // `tell` is called in order, one at a time.
  LogTail(StateStore& state, std::string log, Tell tell);

  // Tells what was added since the last time. To be called when the store says
  // that the log has changed.
  void follow();

 private:
  static constexpr std::size_t at_once = 100;

  StateStore& state_;
  const std::string log_;
  const Tell tell_;
  std::mutex mutex_;
  std::int64_t told_ = 0;
};

}  // namespace budget::admin
