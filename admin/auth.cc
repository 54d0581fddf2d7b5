#include "admin/auth.h"

#include <algorithm>

#include "admin/keys.h"
#include "admin/service.h"

namespace budget::admin {
namespace {

bool is_bearer(std::string_view text) {
  static constexpr std::string_view scheme = "bearer ";
  return text.size() > scheme.size() &&
         std::equal(scheme.begin(), scheme.end(), text.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b | 0x20) : b);
         });
}

Failure unauthenticated(std::string message, int status = 401) {
  return {ErrorCode::authentication_error, std::move(message), {}, status};
}

}  // namespace

std::string_view presented_key(const ApiRequest& request) {
  if (const std::string_view key = request.header("x-api-key"); !key.empty()) return key;
  std::string_view authorization = request.header("authorization");
  if (!is_bearer(authorization)) return {};
  authorization.remove_prefix(7);
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  return authorization;
}

std::string session_cookie(const ApiRequest& request) {
  std::string_view cookies = request.header("cookie");
  while (!cookies.empty()) {
    std::string_view one = cookies.substr(0, cookies.find(';'));
    cookies.remove_prefix(std::min(cookies.size(), one.size() + 1));
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.starts_with(Sessions::cookie_name) && one.size() > Sessions::cookie_name.size() &&
        one[Sessions::cookie_name.size()] == '=') {
      return std::string(one.substr(Sessions::cookie_name.size() + 1));
    }
  }
  return "";
}

ApiResponse unidentified(const Failure& why) {
  ApiResponse response = failure(why);
  if (response.status == 401 || response.status == 429) {
    response.headers.emplace_back("www-authenticate", "Bearer realm=\"budget\"");
  }
  if (response.status == 429) {
    response.headers.emplace_back("retry-after", std::to_string(Auth::failures_window.count()));
  }
  return response;
}

std::string_view name_of(Role role) {
  switch (role) {
    case Role::anyone:
      return "anyone";
    case Role::viewer:
      return "viewer";
    case Role::operate:
      return "operator";
    case Role::admin:
      return "admin";
  }
  return "anyone";
}

std::optional<Role> role_named(std::string_view name) {
  for (const Role role : {Role::viewer, Role::operate, Role::admin}) {
    if (name == name_of(role)) return role;
  }
  return std::nullopt;
}

std::optional<std::string> Auth::problem_in(const std::vector<AdminKey>& keys) {
  for (const AdminKey& key : keys) {
    if (!role_named(key.role)) {
      return "admin key '" + key.name + "': there is no role '" + key.role +
             "'; there are viewer, operator and admin";
    }
    if (key.key.empty()) return "admin key '" + key.name + "' is empty";
    if (looks_like_proxy_key(key.key)) {
      return "admin key '" + key.name + "' has the form of a proxy key, bk_…; choose another";
    }
  }
  return std::nullopt;
}

Auth::Auth(const std::vector<AdminKey>& keys, const Sessions* sessions) : sessions_(sessions) {
  for (const AdminKey& key : keys) {
    Principal principal;
    principal.name = key.name;
    principal.role = role_named(key.role).value_or(Role::anyone);
    known_.push_back({std::move(principal), digest_of(key.key)});
  }
}

std::optional<Principal> Auth::of_digest(const Digest& digest) const {
  const Known* match = nullptr;
  for (const Known& known : known_) {
    if (equal_in_constant_time(known.digest, digest)) match = &known;
  }
  return match ? std::optional(match->principal) : std::nullopt;
}

std::optional<Principal> Auth::of_session(const Session& session) const {
  auto principal = of_digest(session.key);
  if (!principal) return std::nullopt;
  principal->session = session.id;
  principal->csrf_token = session.csrf_token;
  principal->session_ends_at = session.ends_at;
  return principal;
}

std::expected<Principal, Failure> Auth::identify(const ApiRequest& request, policy::Time now) {
  const std::string_view key = presented_key(request);
  const std::string cookie = key.empty() && sessions_ ? session_cookie(request) : "";
  if (!cookie.empty()) {
    if (const auto session = sessions_->remembered(cookie, now)) {
      if (auto principal = of_session(*session)) return std::move(*principal);
    }
  }
  return identify(key, now);
}

std::expected<Principal, Failure> Auth::identify(std::string_view key, policy::Time now) {
  if (key.empty()) {
    return std::unexpected(
        unauthenticated("An admin key is needed, in X-API-Key or as Authorization: Bearer KEY."));
  }
  if (key.size() < guessable_below && too_many_failures(now)) {
    return std::unexpected(unauthenticated("Too many wrong keys. Try again in a minute.", 429));
  }
  if (auto principal = of_digest(digest_of(key))) return std::move(*principal);
  note_failure(now);
  return std::unexpected(unauthenticated("The admin key is not valid."));
}

bool Auth::too_many_failures(policy::Time now) {
  const std::lock_guard lock(mutex_);
  while (!failures_.empty() && failures_.front() + failures_window <= now) failures_.pop_front();
  return failures_.size() >= failures_max;
}

void Auth::note_failure(policy::Time now) {
  const std::lock_guard lock(mutex_);
  failures_.push_back(now);
  if (failures_.size() > failures_max) failures_.pop_front();
}

}  // namespace budget::admin
