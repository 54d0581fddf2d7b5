// Proxy keys: what a caller may do, pinned to the key it shows.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/clock.h"

namespace budget::admin {

// What a key was created with. Its secret is kept only as a hash. An empty
// field pins nothing.
struct KeyGrant {
  std::string id;  // "k7f3…": the middle part of bk_<id>_<secret>
  std::string name;
  std::string component;
  std::string user;
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<std::string> providers;  // globs; empty: all
  std::vector<std::string> models;     // globs; empty: all
  // Labels that the holder may set itself.
  std::vector<std::string> may_set{"context", "task", "task_type", "priority", "tags"};
  std::optional<policy::Time> expires_at;
};

// Seam: finds the grant of a presented key. Thread-safe; constant-time in the
// secret. A revoked, expired or unknown key finds nothing.
class KeyDirectory {
 public:
  virtual ~KeyDirectory() = default;
  [[nodiscard]] virtual std::shared_ptr<const KeyGrant> find(std::string_view presented,
                                                             policy::Time now) const = 0;
  // Whether it is a key of the admin API, which opens nothing else and must not
  // reach a provider. Costs a hash.
  [[nodiscard]] virtual bool is_admin_key(std::string_view presented) const = 0;
};

// Whether `text` has the form of a proxy key, valid or not.
[[nodiscard]] bool looks_like_proxy_key(std::string_view text);

}  // namespace budget::admin
