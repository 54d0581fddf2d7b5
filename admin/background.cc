#include "admin/background.h"

#include <exception>
#include <utility>

namespace budget::admin {

namespace {
constexpr std::chrono::minutes after_an_error{1};
}

Background::Background(Turn turn, OnError on_error)
    : turn_(std::move(turn)), on_error_(std::move(on_error)), thread_([this] { run(); }) {}

Background::~Background() {
  {
    const std::lock_guard lock(mutex_);
    stopping_.store(true, std::memory_order_relaxed);
  }
  changed_.notify_all();
  thread_.join();
}

void Background::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void Background::run() {
  while (!stopping()) {
    std::chrono::milliseconds pause = after_an_error;
    try {
      pause = turn_();
    } catch (const std::exception& error) {
      on_error_(error.what());
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, pause, [this] { return woken_ || stopping(); });
    woken_ = false;
  }
}

}  // namespace budget::admin
