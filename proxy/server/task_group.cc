#include "proxy/server/task_group.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

namespace budget::server {

void TaskGroup::spawn(const net::Executor& executor, std::string name, net::Awaitable<void> task) {
  running_.fetch_add(1, std::memory_order_acq_rel);
  boost::asio::co_spawn(executor, std::move(task),
                        [this, name = std::move(name)](const std::exception_ptr& error) {
                          try {
                            if (error) std::rethrow_exception(error);
                          } catch (const std::exception& exception) {
                            report_(name, exception.what());
                          }
                          running_.fetch_sub(1, std::memory_order_acq_rel);
                        });
}

}  // namespace budget::server
