#include "admin/key_store.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <limits>

#include "admin/key_json.h"

namespace budget::admin {
namespace {

constexpr std::size_t id_bytes = 6;
constexpr std::size_t secret_bytes = 32;

std::int64_t stored(std::optional<policy::Time> time) {
  return time ? time->time_since_epoch().count() : 0;
}

std::optional<policy::Time> read_stored(std::int64_t milliseconds) {
  if (milliseconds == 0) return std::nullopt;
  return policy::Time(std::chrono::milliseconds(milliseconds));
}

// The id in "bk_<id>_<secret>"; "" when `text` has not that form.
std::string_view id_in(std::string_view text) {
  if (!text.starts_with("bk_")) return {};
  text.remove_prefix(3);
  const std::size_t end = text.find('_');
  if (end == std::string_view::npos || end + 1 == text.size()) return {};
  const std::string_view id = text.substr(0, end);
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  return plain ? id : std::string_view{};
}

std::string new_text(std::string_view id) {
  return "bk_" + std::string(id) + "_" + random_hex(secret_bytes);
}

// Times are milliseconds since the epoch, 0 for never.
std::string body_of(const StoredKey& key) {
  return json::serialize(json::object{{"grant", to_json(key.grant)},
                                      {"digest", to_hex(key.digest)},
                                      {"created_by", key.created_by},
                                      {"created_at", stored(key.created_at)},
                                      {"rotated_at", stored(key.rotated_at)},
                                      {"revoked_at", stored(key.revoked_at)}});
}

std::optional<StoredKey> read_key(const StateItem& item) {
  auto body = Input::of_body(item.body);
  if (!body) return std::nullopt;
  constexpr std::int64_t far = std::numeric_limits<std::int64_t>::max();
  StoredKey key;
  auto grant = Input::of_body(body->object_text("grant", item.body.size()));
  if (!grant) return std::nullopt;
  key.grant = read_grant(*grant);
  key.grant.id = item.id;
  key.digest = digest_from_hex(body->text("digest"));
  key.created_by = body->text("created_by");
  key.created_at =
      policy::Time(std::chrono::milliseconds(body->integer("created_at", 0, far).value_or(0)));
  key.rotated_at = read_stored(body->integer("rotated_at", 0, far).value_or(0));
  key.revoked_at = read_stored(body->integer("revoked_at", 0, far).value_or(0));
  // A key of a newer version could pin what this one would not enforce.
  if (grant->problem() || body->problem()) return std::nullopt;
  return key;
}

}  // namespace

bool looks_like_proxy_key(std::string_view text) {
  return !id_in(text).empty();
}

std::expected<std::unique_ptr<KeyStore>, std::string> KeyStore::open(StateStore& store) {
  std::unique_ptr<KeyStore> keys(new KeyStore(store));
  const auto items = store.list(collection);
  if (!items) return std::unexpected("cannot read the proxy keys: the store cannot be asked");
  auto all = std::make_shared<Keys>();
  for (const StateItem& item : *items) {
    auto key = read_key(item);
    if (!key) {
      return std::unexpected("the proxy key '" + item.id +
                             "' in the store cannot be read by this version");
    }
    all->emplace(item.id, std::make_shared<const StoredKey>(std::move(*key)));
  }
  keys->keys_ = std::move(all);
  return keys;
}

void KeyStore::reload() {
  const std::lock_guard lock(write_mutex_);
  const auto items = store_.list(collection);
  if (!items) return;
  auto all = std::make_shared<Keys>();
  for (const StateItem& item : *items) {
    if (auto key = read_key(item)) {
      all->emplace(item.id, std::make_shared<const StoredKey>(std::move(*key)));
    }
  }
  const std::lock_guard replace(keys_mutex_);
  keys_ = std::move(all);
}

std::shared_ptr<const KeyStore::Keys> KeyStore::snapshot() const {
  const std::lock_guard lock(keys_mutex_);
  return keys_;
}

std::shared_ptr<const KeyGrant> KeyStore::find(std::string_view presented, policy::Time now) const {
  const std::string_view id = id_in(presented);
  if (id.empty()) return nullptr;
  const auto keys = snapshot();
  const auto found = keys->find(id);
  if (found == keys->end()) return nullptr;
  const std::shared_ptr<const StoredKey>& key = found->second;
  if (!equal_in_constant_time(key->digest, digest_of(presented))) return nullptr;
  if (key->revoked_at || (key->grant.expires_at && *key->grant.expires_at <= now)) return nullptr;
  return {key, &key->grant};
}

std::shared_ptr<const StoredKey> KeyStore::get(std::string_view id) const {
  const auto keys = snapshot();
  const auto found = keys->find(id);
  return found == keys->end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<const StoredKey>> KeyStore::list() const {
  std::vector<std::shared_ptr<const StoredKey>> all;
  for (const auto& [id, key] : *snapshot()) all.push_back(key);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    if (a->created_at != b->created_at) return a->created_at > b->created_at;
    return a->grant.id < b->grant.id;
  });
  return all;
}

std::expected<NewKey, KeyStore::Error> KeyStore::create(KeyGrant grant, std::string created_by,
                                                        policy::Time now) {
  const std::lock_guard lock(write_mutex_);
  auto key = std::make_shared<StoredKey>();
  key->grant = std::move(grant);
  key->created_by = std::move(created_by);
  key->created_at = now;
  while (true) {
    key->grant.id = random_hex(id_bytes);
    const std::string text = new_text(key->grant.id);
    key->digest = digest_of(text);
    const auto put = store_.put(collection, key->grant.id, body_of(*key), 0);
    if (!put && put.error() == StateError::conflict) continue;  // the id is taken
    if (!put) return std::unexpected(Error::store);
    publish(key);
    return NewKey{key, text};
  }
}

KeyStore::Changed KeyStore::change(std::string_view id,
                                   const std::function<std::optional<Error>(StoredKey&)>& change) {
  const std::lock_guard lock(write_mutex_);
  while (true) {
    // The store's, not the map's: another replica may just have revoked it.
    const auto item = store_.get(collection, id);
    if (!item) return std::unexpected(Error::store);
    if (!*item) return std::unexpected(Error::unknown);
    auto read = read_key(**item);
    if (!read) return std::unexpected(Error::store);
    auto key = std::make_shared<StoredKey>(std::move(*read));
    if (const auto error = change(*key)) return std::unexpected(*error);
    const auto put = store_.put(collection, id, body_of(*key), (*item)->version);
    if (!put && put.error() == StateError::conflict) continue;
    if (!put) return std::unexpected(Error::store);
    publish(key);
    return key;
  }
}

std::expected<NewKey, KeyStore::Error> KeyStore::rotate(std::string_view id, policy::Time now) {
  const std::string text = new_text(id);
  const auto changed = change(id, [&text, now](StoredKey& key) -> std::optional<Error> {
    if (key.revoked_at) return Error::revoked;
    key.digest = digest_of(text);
    key.rotated_at = now;
    return std::nullopt;
  });
  if (!changed) return std::unexpected(changed.error());
  return NewKey{*changed, text};
}

std::expected<std::shared_ptr<const StoredKey>, KeyStore::Error> KeyStore::revoke(
    std::string_view id, policy::Time now) {
  return change(id, [now](StoredKey& key) -> std::optional<Error> {
    if (!key.revoked_at) key.revoked_at = now;
    return std::nullopt;
  });
}

void KeyStore::publish(std::shared_ptr<const StoredKey> key) {
  auto next = std::make_shared<Keys>(*snapshot());
  const std::string id = key->grant.id;
  next->insert_or_assign(id, std::move(key));
  const std::lock_guard lock(keys_mutex_);
  keys_ = std::move(next);
}

}  // namespace budget::admin
