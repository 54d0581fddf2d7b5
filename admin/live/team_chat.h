// The team's chat: what people say to each other beside the numbers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/answer.h"
#include "admin/auth.h"
#include "admin/events.h"
#include "admin/live/log_tail.h"
#include "admin/state/state_store.h"

namespace budget::admin {

// Messages are kept in the state store, so that every replica has them all.
// Thread-safe; what asks the store blocks.
class TeamChat {
 public:
  static constexpr std::string_view log = "team_messages";
  static constexpr std::int64_t kept = 10'000;
  static constexpr std::size_t text_bytes_max = 4'000;

  // Tells `events` of messages, this process's and other replicas', from now on.
  TeamChat(StateStore& state, EventSink& events);

  // What is wrong with a message's text.
  [[nodiscard]] static std::optional<std::string> problem_in(std::string_view text);
  // Whether `principal` may say something.
  [[nodiscard]] static bool may_speak(const Principal& principal) {
    return principal.role >= Role::operate;
  }

  // REQUIRES: problem_in(text) is nullopt. Returns the message as it is told.
  StateStore::Result<json::object> say(const Principal& author, const std::string& text,
                                       policy::Time now);
  // Newest first.
  StateStore::Result<std::vector<json::object>> latest();
  // Publishes what was said since the last time.
  void tell() { tail_.follow(); }

 private:
  StateStore& state_;
  EventSink& events_;
  LogTail tail_;
};

}  // namespace budget::admin
