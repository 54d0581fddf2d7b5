// Who may use the API: keys and roles.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <expected>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/answer.h"
#include "admin/secret.h"
#include "admin/sessions.h"
#include "policy/clock.h"

namespace budget::admin {

struct AdminKey;

// Each role may do all that the one before it may. `anyone` needs no key.
enum class Role : std::uint8_t { anyone, viewer, operate, admin };
// "viewer", "operator", "admin".
[[nodiscard]] std::string_view name_of(Role role);
[[nodiscard]] std::optional<Role> role_named(std::string_view name);

struct Principal {
  std::string name;
  Role role = Role::anyone;
  // By a console session; "" by a key.
  std::string session;  // its id
  std::string csrf_token;
  policy::Time session_ends_at;
};

// The text of the admin key that a request shows, in X-API-Key or as a bearer
// token; "" when it shows none.
[[nodiscard]] std::string_view presented_key(const ApiRequest& request);
// The session's cookie of a request; "" when it has none.
[[nodiscard]] std::string session_cookie(const ApiRequest& request);
// The answer to whoever is not known.
[[nodiscard]] ApiResponse unidentified(const Failure& why);

// Knows the admin keys by their hashes. Thread-safe; takes no time that
// depends on a secret.
class Auth {
 public:
  // A process answers at most this many wrong keys in that time; then every
  // key that is short enough to be guessed has to wait. A longer one never
  // does, so that nobody can lock out whoever holds it.
  static constexpr std::size_t failures_max = 20;
  static constexpr std::chrono::seconds failures_window{60};
  static constexpr std::size_t guessable_below = 32;  // bytes

  // Names the key whose role is unknown, that is empty, or that has the form of
  // a proxy key.
  [[nodiscard]] static std::optional<std::string> problem_in(const std::vector<AdminKey>& keys);
  // REQUIRES: problem_in(keys) is nullopt.
  // `sessions` must outlive this; null: there are none.
  explicit Auth(const std::vector<AdminKey>& keys, const Sessions* sessions = nullptr);

  // Whose key it is.
  [[nodiscard]] std::expected<Principal, Failure> identify(std::string_view key, policy::Time now);
  // The same for what `request` shows: a key, or the cookie of a session that
  // identify() in admin/identify.h has looked up before. Does not block.
  [[nodiscard]] std::expected<Principal, Failure> identify(const ApiRequest& request,
                                                           policy::Time now);
  // Whose session it is; nullopt where its key is nobody's, or no longer.
  [[nodiscard]] std::optional<Principal> of_session(const Session& session) const;
  // Whose key has this digest; nullopt: nobody's, or no longer.
  [[nodiscard]] std::optional<Principal> of_digest(const Digest& digest) const;

 private:
  struct Known {
    Principal principal;
    Digest digest;
  };
  bool too_many_failures(policy::Time now);
  void note_failure(policy::Time now);

  std::vector<Known> known_;
  const Sessions* sessions_;
  std::mutex mutex_;
  std::deque<policy::Time> failures_;  // the latest, at most failures_max
};

}  // namespace budget::admin
