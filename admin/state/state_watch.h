// What this process keeps in memory of a StateStore, kept up to date.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <string>

#include "admin/state/state_store.h"

namespace budget::admin {

// Runs what reads a collection again once the store tells of a change, be it
// this process's own or a replica's. Several changes on one heel are read once.
// Thread-safe.
class StateWatch {
 public:
  // Both must outlive close() and, for the pool, whatever was begun before it.
  StateWatch(StateStore& store, boost::asio::thread_pool& pool);
  ~StateWatch();
  StateWatch(const StateWatch&) = delete;
  StateWatch& operator=(const StateWatch&) = delete;

  // `read_again` runs on the pool, may block, and must be good until the pool
  // has been joined. It may run while an earlier run of it still does.
  void on(std::string name, std::function<void()> read_again);
  // Afterwards nothing more is begun.
  void close();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;  // the store's listener may outlive this
};

}  // namespace budget::admin
