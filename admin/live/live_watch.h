// One watcher of the live feed, from its upgrade to its end.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "admin/api.h"
#include "admin/auth.h"
#include "admin/live/event_bus.h"
#include "admin/live/team_chat.h"

namespace budget::admin {

// What watches need; all of it outlives them.
struct LiveParts {
  EventBus& bus;
  Auth& auth;
  TeamChat& chat;
  const policy::Clock& clock;
  boost::asio::thread_pool& pool;
};

inline constexpr std::chrono::seconds heartbeat_every{15};
// A watcher that showed no key with its request has this long to say one.
inline constexpr std::chrono::seconds auth_within{10};
inline constexpr std::int64_t watchers_max = 1'000;

// REQUIRES: `request` asks for a WebSocket. The answer says why it gets none: no
// such topic, a wrong key, a page of another origin, too many watchers.
// Without a key it gets one that has to begin with {"type":"auth","token"}.
[[nodiscard]] std::expected<std::unique_ptr<Watch>, ApiResponse> make_live_watch(
    const LiveParts& parts, const ApiRequest& request, std::function<void()> wake,
    Watch::Moment now);

}  // namespace budget::admin
