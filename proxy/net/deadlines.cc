#include "proxy/net/deadlines.h"

namespace budget::net {

Deadlines::Entry::Entry(Deadlines& owner) : next_(owner.first_), owner_(owner) {
  if (next_) next_->previous_ = this;
  owner.first_ = this;
}

Deadlines::Entry::~Entry() {
  // A sweep may be under way further up the stack.
  if (owner_.cursor_ == this) owner_.cursor_ = next_;
  if (next_) next_->previous_ = previous_;
  (previous_ ? previous_->next_ : owner_.first_) = next_;
}

Deadlines::Deadlines(boost::asio::io_context& io) : timer_(io.get_executor()) {}

Deadlines::~Deadlines() = default;

void Deadlines::start() {
  timer_.expires_after(tick);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    sweep();
    start();
  });
}

void Deadlines::stop() {
  timer_.cancel();
}

void Deadlines::sweep() {
  const SteadyTime now = std::chrono::steady_clock::now();
  for (cursor_ = first_; cursor_;) {
    Entry* const entry = cursor_;
    cursor_ = entry->next_;
    if (entry->deadline_ <= now) {
      entry->disarm();
      entry->on_deadline();
    } else if (entry->watched_) {
      entry->on_tick();
    }
  }
}

}  // namespace budget::net
