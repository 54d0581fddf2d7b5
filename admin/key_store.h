// Proxy keys, kept as hashes in the admin database.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/keys.h"
#include "admin/secret.h"
#include "policy/clock.h"
#include "policy/ledger/sqlite.h"

namespace budget::admin {

// A key as it is kept: all but its secret.
struct StoredKey {
  KeyGrant grant;
  Digest digest{};  // of the whole text
  std::string created_by;
  policy::Time created_at;
  std::optional<policy::Time> rotated_at;
  std::optional<policy::Time> revoked_at;
};

// A key just made; the only moment at which its text is known.
struct NewKey {
  std::shared_ptr<const StoredKey> key;
  std::string text;  // bk_<id>_<secret>
};

// Finding and listing read an immutable map and never wait for a write; the
// others block on the disk. A change is durable, and seen by the next find(),
// when it returns. Keys made by other processes are not seen.
class KeyStore final : public KeyDirectory {
 public:
  enum class Error : std::uint8_t { unknown, revoked, disk };

  // Opens or begins the database `file`. The error is a sentence.
  [[nodiscard]] static std::expected<std::unique_ptr<KeyStore>, std::string> open(
      const std::string& file);

  [[nodiscard]] std::shared_ptr<const KeyGrant> find(std::string_view presented,
                                                     policy::Time now) const override;
  // nullptr: no key of that id was ever made.
  [[nodiscard]] std::shared_ptr<const StoredKey> get(std::string_view id) const;
  // Newest first, revoked ones among them.
  [[nodiscard]] std::vector<std::shared_ptr<const StoredKey>> list() const;

  // grant.id is chosen here.
  std::expected<NewKey, Error> create(KeyGrant grant, std::string created_by, policy::Time now);
  // A new secret for the same key; the old one is void at once.
  std::expected<NewKey, Error> rotate(std::string_view id, policy::Time now);
  // Revoking twice is the same as once.
  std::expected<std::shared_ptr<const StoredKey>, Error> revoke(std::string_view id,
                                                                policy::Time now);

 private:
  using Keys = std::map<std::string, std::shared_ptr<const StoredKey>, std::less<>>;

  explicit KeyStore(std::unique_ptr<ledger::Database> database) : database_(std::move(database)) {}
  std::expected<void, std::string> load();
  bool save(const StoredKey& key);
  std::shared_ptr<const Keys> snapshot() const;
  void publish(std::shared_ptr<const StoredKey> key);

  std::mutex write_mutex_;  // the database, and changes to keys_
  std::unique_ptr<ledger::Database> database_;
  mutable std::mutex keys_mutex_;  // held only to copy or replace the pointer
  std::shared_ptr<const Keys> keys_ = std::make_shared<const Keys>();
};

}  // namespace budget::admin
