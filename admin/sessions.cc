#include "admin/sessions.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <vector>

#include "admin/answer.h"

namespace budget::admin {
namespace {

constexpr std::size_t token_bytes = 32;
// How much of its idle time a session may lose to not being written each time.
constexpr std::chrono::minutes seen_every{5};
constexpr std::chrono::hours sweep_every{1};

// Of the token, and telling nothing of it: it needs no place of its own.
std::string csrf_of(std::string_view token) {
  return to_hex(digest_of("csrf\n" + std::string(token))).substr(0, 40);
}

std::int64_t milliseconds(policy::Time time) {
  return time.time_since_epoch().count();
}

struct Stored {
  Digest key{};
  policy::Time begun_at, seen_at;
};

std::string body_of(const Stored& stored) {
  return json::serialize(json::object{{"key", to_hex(stored.key)},
                                      {"begun_at", milliseconds(stored.begun_at)},
                                      {"seen_at", milliseconds(stored.seen_at)}});
}

std::optional<Stored> read(const std::string& body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error || !value.is_object()) return std::nullopt;
  const auto* key = value.get_object().if_contains("key");
  const auto* begun = value.get_object().if_contains("begun_at");
  const auto* seen = value.get_object().if_contains("seen_at");
  if (!key || !key->is_string() || !begun || !begun->is_int64() || !seen || !seen->is_int64()) {
    return std::nullopt;
  }
  return Stored{digest_from_hex(key->get_string()),
                policy::Time(std::chrono::milliseconds(begun->get_int64())),
                policy::Time(std::chrono::milliseconds(seen->get_int64()))};
}

bool is_over(const std::optional<Stored>& stored, policy::Time now) {
  return !stored || now >= stored->begun_at + Sessions::lives_for ||
         now >= stored->seen_at + Sessions::idle_for;
}

}  // namespace

std::expected<Sessions::Begun, StateError> Sessions::begin(const Digest& key, policy::Time now) {
  sweep(now);
  Begun begun;
  begun.token = random_hex(token_bytes);
  begun.session = {to_hex(digest_of(begun.token)), key, csrf_of(begun.token), now + lives_for};
  const auto put = store_.put(collection, begun.session.id, body_of({key, now, now}), 0);
  if (!put) return std::unexpected(put.error());
  return begun;
}

std::expected<std::optional<Session>, StateError> Sessions::find(std::string_view token,
                                                                 policy::Time now) {
  const std::string id = to_hex(digest_of(token));
  const auto item = store_.get(collection, id);
  if (!item) return std::unexpected(item.error());
  if (!*item) return std::nullopt;
  auto stored = read((*item)->body);
  if (is_over(stored, now)) return std::nullopt;
  if (now - stored->seen_at >= seen_every) {
    stored->seen_at = now;
    // By version, for a logout meanwhile must stay one; if it fails, the next
    // request does it.
    static_cast<void>(store_.put(collection, id, body_of(*stored), (*item)->version));
  }
  Session session{id, stored->key, csrf_of(token), stored->begun_at + lives_for};
  const std::lock_guard lock(mutex_);
  std::erase_if(remembered_, [now](const auto& each) { return each.second.until <= now; });
  remembered_.insert_or_assign(
      id, Remembered{session, std::min(session.ends_at, stored->seen_at + idle_for)});
  return session;
}

std::optional<Session> Sessions::remembered(std::string_view token, policy::Time now) const {
  const std::lock_guard lock(mutex_);
  const auto found = remembered_.find(to_hex(digest_of(token)));
  if (found == remembered_.end() || found->second.until <= now) return std::nullopt;
  return found->second.session;
}

void Sessions::recheck() {
  std::vector<std::string> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, each] : remembered_) ids.push_back(id);
  }
  for (const std::string& id : ids) {
    const auto item = store_.get(collection, id);
    if (!item || *item) continue;
    const std::lock_guard lock(mutex_);
    remembered_.erase(id);
  }
}

std::expected<void, StateError> Sessions::end(std::string_view id) {
  const auto erased = store_.erase(collection, id, std::nullopt);
  if (!erased) return std::unexpected(erased.error());
  const std::lock_guard lock(mutex_);
  if (const auto found = remembered_.find(id); found != remembered_.end()) {
    remembered_.erase(found);
  }
  return {};
}

void Sessions::sweep(policy::Time now) {
  const auto mine = store_.claim("sessions_sweep", now + sweep_every);
  if (!mine || !*mine) return;
  const auto items = store_.list(collection);
  if (!items) return;
  for (const StateItem& item : *items) {
    if (is_over(read(item.body), now)) {
      static_cast<void>(store_.erase(collection, item.id, item.version));
    }
  }
}

}  // namespace budget::admin
