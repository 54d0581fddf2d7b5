// Proxy keys, kept as hashes in the state store.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/keys.h"
#include "admin/secret.h"
#include "admin/state/state_store.h"
#include "policy/clock.h"

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
// others block on the store. A change is durable, and seen by the next find(),
// when it returns; one that another replica made, after the next reload().
class KeyStore final {
 public:
  static constexpr std::string_view collection = "keys";
  enum class Error : std::uint8_t { unknown, revoked, store };

  // Reads the keys of `store`, which must outlive this. The error is a sentence.
  [[nodiscard]] static std::expected<std::unique_ptr<KeyStore>, std::string> open(
      StateStore& store);

  [[nodiscard]] std::shared_ptr<const KeyGrant> find(std::string_view presented,
                                                     policy::Time now) const;
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
  // Reads all again. While the store cannot be asked, what was read before
  // stays; a key that this version cannot read is then found no more.
  void reload();

 private:
  using Keys = std::map<std::string, std::shared_ptr<const StoredKey>, std::less<>>;
  using Changed = std::expected<std::shared_ptr<const StoredKey>, Error>;

  explicit KeyStore(StateStore& store) : store_(store) {}
  // Writes what `change` makes of the key, which it may refuse by an error.
  Changed change(std::string_view id,
                 const std::function<std::optional<Error>(StoredKey&)>& change);
  std::shared_ptr<const Keys> snapshot() const;
  void publish(std::shared_ptr<const StoredKey> key);

  StateStore& store_;
  std::mutex write_mutex_;         // held from reading the store until keys_ shows it
  mutable std::mutex keys_mutex_;  // held only to copy or replace the pointer
  std::shared_ptr<const Keys> keys_ = std::make_shared<const Keys>();
};

}  // namespace budget::admin
