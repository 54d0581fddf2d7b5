// Who is calling, and what for.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace budget::policy {

// What the proxy knows of a caller once identified. Empty means not said.
// Labels are at most 256 bytes each; see docs/configuration.md.
struct Caller {
  std::string component;
  std::string context_id;
  std::string task_id;
  std::string task_type;
  std::string user;
  std::string key_id;                                     // the proxy key's id, never the secret
  std::string allocation_id;                              // the allocation the call draws on
  std::vector<std::pair<std::string, std::string>> tags;  // sorted by name, names unique
  int priority = 5;                                       // 1 (lowest) to 10

  friend bool operator==(const Caller&, const Caller&) = default;
};

}  // namespace budget::policy
