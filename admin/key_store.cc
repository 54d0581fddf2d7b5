#include "admin/key_store.h"

#include <sys/stat.h>

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "admin/key_json.h"

namespace budget::admin {
namespace {

constexpr std::size_t id_bytes = 6;
constexpr std::size_t secret_bytes = 32;

// The grant as JSON: a field that comes later needs no change here. Times are
// milliseconds since the epoch, 0 for never.
constexpr const char* schema =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "CREATE TABLE IF NOT EXISTS keys("
    " id TEXT PRIMARY KEY, digest TEXT NOT NULL, grant_json TEXT NOT NULL,"
    " created_by TEXT NOT NULL, created_at INTEGER NOT NULL,"
    " rotated_at INTEGER NOT NULL, revoked_at INTEGER NOT NULL) WITHOUT ROWID;";

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

std::optional<StoredKey> read_key(const ledger::Statement& row) {
  auto input = Input::of_body(row.text(2));
  if (!input) return std::nullopt;
  StoredKey key;
  key.grant = read_grant(*input);
  // A grant of a newer version could pin what this one would not enforce.
  if (input->problem()) return std::nullopt;
  key.grant.id = row.text(0);
  key.digest = digest_from_hex(row.text(1));
  key.created_by = row.text(3);
  key.created_at = policy::Time(std::chrono::milliseconds(row.number(4)));
  key.rotated_at = read_stored(row.number(5));
  key.revoked_at = read_stored(row.number(6));
  return key;
}

}  // namespace

bool looks_like_proxy_key(std::string_view text) {
  return !id_in(text).empty();
}

std::expected<std::unique_ptr<KeyStore>, std::string> KeyStore::open(const std::string& file) {
  auto database = ledger::Database::open(file, false);
  if (!database) return std::unexpected("cannot open the keys: " + database.error());
  ::chmod(file.c_str(), 0600);
  if (!(*database)->run(schema)) {
    return std::unexpected("cannot prepare the keys: " + (*database)->take_error());
  }
  std::unique_ptr<KeyStore> store(new KeyStore(std::move(*database)));
  if (auto loaded = store->load(); !loaded) return std::unexpected(loaded.error());
  return store;
}

std::expected<void, std::string> KeyStore::load() {
  auto keys = std::make_shared<Keys>();
  ledger::Statement rows(*database_,
                         "SELECT id, digest, grant_json, created_by, created_at, rotated_at, "
                         "revoked_at FROM keys");
  while (rows.next()) {
    auto key = read_key(rows);
    if (!key) {
      return std::unexpected("the key '" + rows.text(0) +
                             "' in the admin database cannot be read by this version");
    }
    const std::string id = key->grant.id;
    keys->emplace(id, std::make_shared<const StoredKey>(std::move(*key)));
  }
  if (!database_->ok()) {
    return std::unexpected("cannot read the keys: " + database_->take_error());
  }
  keys_ = std::move(keys);
  return {};
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
  do {
    grant.id = random_hex(id_bytes);
  } while (get(grant.id));
  const std::string text = new_text(grant.id);
  auto key = std::make_shared<StoredKey>();
  key->grant = std::move(grant);
  key->digest = digest_of(text);
  key->created_by = std::move(created_by);
  key->created_at = now;
  if (!save(*key)) return std::unexpected(Error::disk);
  publish(key);
  return NewKey{key, text};
}

std::expected<NewKey, KeyStore::Error> KeyStore::rotate(std::string_view id, policy::Time now) {
  const std::lock_guard lock(write_mutex_);
  const auto old = get(id);
  if (!old) return std::unexpected(Error::unknown);
  if (old->revoked_at) return std::unexpected(Error::revoked);
  const std::string text = new_text(id);
  auto key = std::make_shared<StoredKey>(*old);
  key->digest = digest_of(text);
  key->rotated_at = now;
  if (!save(*key)) return std::unexpected(Error::disk);
  publish(key);
  return NewKey{key, text};
}

std::expected<std::shared_ptr<const StoredKey>, KeyStore::Error> KeyStore::revoke(
    std::string_view id, policy::Time now) {
  const std::lock_guard lock(write_mutex_);
  const auto old = get(id);
  if (!old) return std::unexpected(Error::unknown);
  if (old->revoked_at) return old;
  auto key = std::make_shared<StoredKey>(*old);
  key->revoked_at = now;
  if (!save(*key)) return std::unexpected(Error::disk);
  publish(key);
  return key;
}

bool KeyStore::save(const StoredKey& key) {
  const std::string digest = to_hex(key.digest);
  const std::string grant = json::serialize(to_json(key.grant));
  ledger::Statement statement(*database_, "INSERT OR REPLACE INTO keys VALUES(?,?,?,?,?,?,?)");
  statement.bind(1, key.grant.id)
      .bind(2, digest)
      .bind(3, grant)
      .bind(4, key.created_by)
      .bind(5, stored(key.created_at))
      .bind(6, stored(key.rotated_at))
      .bind(7, stored(key.revoked_at));
  statement.run();
  return database_->take_error().empty();
}

void KeyStore::publish(std::shared_ptr<const StoredKey> key) {
  auto next = std::make_shared<Keys>(*snapshot());
  const std::string id = key->grant.id;
  next->insert_or_assign(id, std::move(key));
  const std::lock_guard lock(keys_mutex_);
  keys_ = std::move(next);
}

}  // namespace budget::admin
