#include "policy/ledger/redis_greeting.h"

#include <charconv>
#include <cstdio>
#include <string>

#include "policy/ledger/redis_codec.h"

namespace budget::ledger {
namespace {

// The value of "name:value" on a line of its own; "" when there is none.
std::string_view field_of(std::string_view info, std::string_view name) {
  for (std::size_t at = 0; at < info.size();) {
    const std::size_t end = std::min(info.find("\r\n", at), info.size());
    const std::string_view line = info.substr(at, end - at);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) {
      return line.substr(name.size() + 1);
    }
    at = end + 2;
  }
  return {};
}

bool older_than_6_2(const std::string& version) {
  int major = 0;
  int minor = 0;
  const char* end = version.data() + version.size();
  const auto dot = std::from_chars(version.data(), end, major).ptr;
  if (dot != end) std::from_chars(dot + 1, end, minor);
  return major < 6 || (major == 6 && minor < 2);
}

}  // namespace

std::vector<std::string> greeting_of(const RedisAddress& address) {
  std::vector<std::string> words;
  if (!address.password.empty()) {
    words.push_back(address.user.empty() ? redis_command({"AUTH", address.password})
                                         : redis_command({"AUTH", address.user, address.password}));
  }
  if (address.database != 0) {
    words.push_back(redis_command({"SELECT", std::to_string(address.database)}));
  }
  words.push_back(redis_command({"CLIENT", "SETNAME", "budget"}));
  words.push_back(redis_command({"INFO"}));
  return words;
}

std::expected<void, std::string> fit_for_ledger(std::string_view info) {
  // Valkey answers with the Redis version that it is compatible with.
  const std::string_view version = field_of(info, "redis_version");
  if (version.empty()) return std::unexpected("INFO names no redis_version: is this a Redis?");
  if (older_than_6_2(std::string(version))) {
    return std::unexpected("Redis " + std::string(version) +
                           " is too old: the ledger needs Redis 6.2 or newer, or Valkey");
  }
  if (is_loading(info)) return std::unexpected("Redis is still loading its data");
  if (is_replica(info)) {
    return std::unexpected(
        "this Redis is a read-only replica: name its master, or list the sentinels");
  }
  const std::string_view policy = field_of(info, "maxmemory_policy");
  if (!policy.empty() && policy != "noeviction") {
    return std::unexpected("Redis evicts keys when its memory is full (maxmemory-policy " +
                           std::string(policy) +
                           "), and with them what was spent: set maxmemory-policy noeviction");
  }
  return {};
}

bool is_loading(std::string_view info) {
  return field_of(info, "loading") == "1";
}

bool is_replica(std::string_view info) {
  return field_of(info, "role") == "slave";
}

std::string_view run_id_of(std::string_view info) {
  return field_of(info, "run_id");
}

}  // namespace budget::ledger
