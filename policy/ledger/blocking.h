// Work that may block, off the workers' threads.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/io_context.hpp>

namespace budget::ledger {

using LoopExecutor = boost::asio::io_context::executor_type;
template <class T>
using Awaitable = boost::asio::awaitable<T, LoopExecutor>;

// Runs `work` on `pool` and resumes the caller on its own executor with what
// it returned. `work` must not throw, and must own what it uses or refer to
// what outlives the pool: the caller may be gone before it has run.
// REQUIRES: the caller's io_context lives until the pool has been joined.
template <class Work>
Awaitable<std::invoke_result_t<Work&>> run_blocking(boost::asio::thread_pool& pool, Work work) {
  using Value = std::invoke_result_t<Work&>;
  auto value = std::make_shared<std::optional<Value>>();
  auto initiate = [&pool, value, &work](auto handler) {
    auto executor = boost::asio::get_associated_executor(handler);
    auto guard = boost::asio::make_work_guard(executor);
    boost::asio::post(pool, [work = std::move(work), value, executor, guard = std::move(guard),
                             handler = std::move(handler)]() mutable {
      value->emplace(work());
      boost::asio::post(executor, std::move(handler));
    });
  };
  boost::asio::use_awaitable_t<LoopExecutor> token;
  co_await boost::asio::async_initiate<boost::asio::use_awaitable_t<LoopExecutor>, void()>(
      std::move(initiate), token);
  co_return std::move(**value);
}

}  // namespace budget::ledger
