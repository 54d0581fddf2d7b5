// Bounds, the store, and who may call.
#include <fmt/format.h>

#include <limits>
#include <map>

#include "policy/config.h"
#include "policy/yaml/scalars.h"
#include "proxy/config_read.h"

namespace budget {
namespace {

using policy::Section;
using std::chrono::milliseconds;

constexpr std::size_t kib = 1024;
constexpr milliseconds hour{3'600'000};
constexpr std::size_t admin_key_bytes_advised = 16;

// A password in a URL has to be percent-encoded; the URL itself is not shown.
void check_redis_url(const Section& store, const std::string& text) {
  const auto url = parse_url(text);
  const auto report = [&](std::string_view what) {
    store.problem("url", fmt::format("{}; write redis://HOST:PORT/DATABASE, rediss://… for TLS, or "
                                     "unix:///PATH (the address is not shown, it may hold a "
                                     "password)",
                                     what));
  };
  if (!url) return report(url.error());
  if (url->scheme == "unix") return;
  if (url->scheme != "redis" && url->scheme != "rediss") {
    return report("a store's URL begins with redis://, rediss:// or unix://");
  }
  if (url->query) return report("no '?' or '#' is allowed here");
  const std::string_view database = std::string_view(url->path).substr(url->path.empty() ? 0 : 1);
  const auto number = policy::parse_integer(database);
  if (!database.empty() && (!number || *number < 0 || *number > 1'000'000)) {
    report("behind the last '/' stands the number of the database");
  }
}

void check_nodes(const Section& store, std::string_view name) {
  for (const auto& [text, place] : store.placed_texts(name)) {
    const auto node = parse_host_port(text);
    if (node && node->port) continue;
    store.reader().problem(place,
                           fmt::format("expected HOST:PORT, found {}: {}", policy::shown(text),
                                       node ? "the port is missing" : node.error()));
  }
}

void read_redis(const Section& store, StoreConfig& config) {
  if (store.text("url", config.url)) check_redis_url(store, config.url);
  store.texts("sentinel", config.sentinel);
  store.texts("cluster", config.cluster);
  store.text("sentinel_master", config.sentinel_master);
  store.text("sentinel_password", config.sentinel_password);
  check_nodes(store, "sentinel");
  check_nodes(store, "cluster");
  const Section tls = store.section("tls");
  if (tls.text("ca", config.tls_ca) && !config.tls_ca.empty()) check_pem(tls, "ca", "CERTIFICATE");
  tls.flag("verify", config.tls_verify);
  tls.text("server_name", config.tls_server_name);
  if (!config.sentinel.empty() && !config.cluster.empty()) {
    store.problem("cluster", "'sentinel' and 'cluster' are both there; keep one");
  }
  if (config.kind == StoreConfig::Kind::redis) return;
  for (const std::string_view name : {"sentinel", "cluster"}) {
    if (store.has(name) && !(name == "sentinel" ? config.sentinel : config.cluster).empty()) {
      store.problem(name, fmt::format("'{}' is for the store's kind redis; write kind: redis, or "
                                      "remove it",
                                      name));
    }
  }
}

void read_admin_keys(const Section& admin, Config& config) {
  constexpr std::pair<std::string_view, std::string_view> roles[] = {
      {"viewer", "viewer"}, {"operator", "operator"}, {"admin", "admin"}};
  std::map<std::string, int> lines;
  for (const Section& section : admin.sections("keys")) {
    AdminKeyConfig key;
    section.required("name", key.name, "give the key a name");
    const auto [first, added] = lines.emplace(key.name, section.place("name").line);
    if (!added && !key.name.empty()) {
      section.problem("name", fmt::format("the admin key '{}' is already on line {}; rename one of "
                                          "the two",
                                          key.name, first->second));
    }
    std::string_view role;
    if (!section.choice("role", role, roles) && !section.has("role")) {
      section.reader().problem(section.place(),
                               "'role' is missing; write viewer, operator or admin");
    }
    key.role = role;
    if (!section.has("key") && !section.has("key_file")) {
      section.reader().problem(section.place(),
                               "'key' is missing; write key: \"${NAME}\" or key_file: FILE");
    }
    const bool set = section.secret("key", "key_file", key.key, true);
    if (!set || key.key.empty()) {
      section.warn("key", fmt::format("the admin key '{}' has no value and is left out", key.name));
      continue;
    }
    if (key.key.size() < admin_key_bytes_advised) {
      section.warn("key", fmt::format("the admin key '{}' is shorter than {} characters and can be "
                                      "guessed",
                                      key.name, admin_key_bytes_advised));
    }
    config.admin_keys.push_back(std::move(key));
  }
}

}  // namespace

void read_limits(const Section& root, Config& config) {
  root.integer("workers", config.workers, 0, 1024);
  root.duration("shutdown_timeout", config.shutdown_timeout, milliseconds(0), hour);
  const Section section = root.section("limits");
  LimitsConfig& limits = config.limits;
  section.size("request_body", limits.request_body, kib, kib * kib * kib);
  section.size("request_header", limits.request_header, kib, kib * kib);
  section.size("response_header", limits.response_header, kib, kib * kib);
  section.duration("header_timeout", limits.header_timeout, milliseconds(1), hour);
  section.duration("body_timeout", limits.body_timeout, milliseconds(1), hour);
  section.duration("idle_timeout", limits.idle_timeout, milliseconds(1), hour * 24);
  section.integer("connections", limits.connections, 1, 1'000'000);
}

void read_store(const Section& root, Config& config) {
  constexpr std::pair<std::string_view, StoreConfig::Kind> kinds[] = {
      {"embedded", StoreConfig::Kind::embedded}, {"redis", StoreConfig::Kind::redis}};
  constexpr std::pair<std::string_view, policy::OnStoreFailure> failures[] = {
      {"deny", policy::OnStoreFailure::deny}, {"allow", policy::OnStoreFailure::allow}};
  const Section section = root.section("store");
  StoreConfig& store = config.store;
  section.choice("kind", store.kind, kinds);
  if (section.text("path", store.path) && store.path.empty()) {
    section.problem("path", "an empty path; write a folder such as data");
  }
  read_redis(section, store);
  if (section.text("namespace", store.name_space) && !policy::is_config_name(store.name_space)) {
    section.problem("namespace",
                    fmt::format("a namespace is made of letters, digits, '.', '_' and '-'; write "
                                "'{}'",
                                policy::config_name_for(store.name_space)));
  }
  section.choice("on_failure", store.on_failure, failures);
  milliseconds retention = store.usage_retention;
  if (section.duration("usage_retention", retention, hour, hour * 24 * 3660)) {
    store.usage_retention = std::chrono::duration_cast<std::chrono::hours>(retention);
    if (retention % hour != milliseconds(0)) {
      section.problem("usage_retention", "usage_retention has to be whole hours or days");
    }
  }
  section.duration("journal_sync", store.journal_sync, milliseconds(0), milliseconds(60'000));
}

void read_identity(const Section& root, Config& config) {
  constexpr std::pair<std::string_view, bool> details[] = {{"full", true}, {"minimal", false}};
  root.section("errors").choice("detail", config.error_amounts, details);

  using RequireKey = IdentityConfig::RequireKey;
  constexpr std::pair<std::string_view, RequireKey> requirements[] = {
      {"auto", RequireKey::automatic}, {"always", RequireKey::always}, {"never", RequireKey::never},
      {"true", RequireKey::always},    {"false", RequireKey::never},
  };
  const Section identity = root.section("identity");
  identity.choice("require_key", config.identity.require_key, requirements);
  identity.flag("headers", config.identity.headers);
  if (identity.text("default_component", config.identity.default_component) &&
      config.identity.default_component.empty()) {
    identity.problem("default_component", "an empty component; write a name such as unknown");
  }
  read_admin_keys(root.section("admin"), config);
}

}  // namespace budget
