#include "admin/state/state_watch.h"

#include <boost/asio/post.hpp>
#include <mutex>
#include <utility>
#include <vector>

namespace budget::admin {

struct StateWatch::Shared {
  struct Entry {
    std::string name;
    std::function<void()> read_again;
    bool queued = false;  // under the mutex
  };

  explicit Shared(boost::asio::thread_pool& the_pool) : pool(the_pool) {}

  boost::asio::thread_pool& pool;
  std::mutex mutex;
  bool closed = false;
  std::vector<std::shared_ptr<Entry>> entries;
};

StateWatch::StateWatch(StateStore& store, boost::asio::thread_pool& pool)
    : shared_(std::make_shared<Shared>(pool)) {
  store.listen([shared = shared_](const StateChange& change) {
    const std::lock_guard lock(shared->mutex);
    if (shared->closed) return;
    for (const auto& entry : shared->entries) {
      if (entry->queued || (!change.name.empty() && change.name != entry->name)) continue;
      entry->queued = true;
      boost::asio::post(shared->pool, [shared, entry] {
        {
          // Before reading: a change from here on is to be read again.
          const std::lock_guard begun(shared->mutex);
          entry->queued = false;
        }
        entry->read_again();
      });
    }
  });
}

StateWatch::~StateWatch() {
  close();
}

void StateWatch::on(std::string name, std::function<void()> read_again) {
  const std::lock_guard lock(shared_->mutex);
  shared_->entries.push_back(
      std::make_shared<Shared::Entry>(Shared::Entry{std::move(name), std::move(read_again)}));
}

void StateWatch::close() {
  const std::lock_guard lock(shared_->mutex);
  shared_->closed = true;
}

}  // namespace budget::admin
