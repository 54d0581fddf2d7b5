// Console sessions: a browser shows a cookie instead of the admin key.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "admin/secret.h"
#include "admin/state/state_store.h"

namespace budget::admin {

struct Session {
  std::string id;  // the hash that it is kept under; no secret
  Digest key{};    // of the admin key it was begun with: its role is that key's
  std::string csrf_token;
  policy::Time ends_at;  // at the latest; earlier when it idles
};

// Kept as hashes in the state store, so that every replica knows them. A session
// ends with its key. Thread-safe; blocks on the store.
class Sessions {
 public:
  static constexpr std::chrono::hours idle_for{8};
  static constexpr std::chrono::hours lives_for{24};
  static constexpr std::string_view collection = "sessions";
  static constexpr std::string_view cookie_name = "budget_session";

  explicit Sessions(StateStore& store) : store_(store) {}

  struct Begun {
    std::string token;  // for the cookie; told once
    Session session;
  };
  std::expected<Begun, StateError> begin(const Digest& key, policy::Time now);
  // nullopt: it never was, has ended, or was idle for too long.
  std::expected<std::optional<Session>, StateError> find(std::string_view token, policy::Time now);
  std::expected<void, StateError> end(std::string_view id);

  // A session that find() has found here, still good as far as this process
  // knows. Does not block.
  [[nodiscard]] std::optional<Session> remembered(std::string_view token, policy::Time now) const;
  // Forgets those of them that another replica has ended.
  void recheck();

 private:
  struct Remembered {
    Session session;
    policy::Time until;
  };
  void sweep(policy::Time now);

  StateStore& store_;
  mutable std::mutex mutex_;
  std::map<std::string, Remembered, std::less<>> remembered_;  // by id
};

}  // namespace budget::admin
