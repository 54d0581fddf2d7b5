#include "proxy/config_notes.h"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace budget {
namespace {

bool same_listener(const ListenConfig& a, const ListenConfig& b) {
  const auto tls = [](const ListenConfig& listen) {
    const TlsServerConfig none;
    const TlsServerConfig& used = listen.tls ? *listen.tls : none;
    return std::tuple(listen.tls.has_value(), used.self_signed, used.certificate, used.key,
                      used.client_ca);
  };
  return std::tuple(a.address, a.port, a.llm, a.admin) ==
             std::tuple(b.address, b.port, b.llm, b.admin) &&
         tls(a) == tls(b);
}

bool same_admin_key(const AdminKeyConfig& a, const AdminKeyConfig& b) {
  return std::tie(a.name, a.role, a.key) == std::tie(b.name, b.role, b.key);
}

bool same_redis(const StoreConfig& a, const StoreConfig& b) {
  const auto all = [](const StoreConfig& store) {
    return std::tie(store.url, store.sentinel, store.sentinel_master, store.sentinel_password,
                    store.cluster, store.tls_ca, store.tls_verify, store.tls_server_name,
                    store.name_space);
  };
  return all(a) == all(b);
}

bool same_otlp(const OtlpConfig& a, const OtlpConfig& b) {
  return std::tie(a.url, a.sample_ppm, a.headers) == std::tie(b.url, b.sample_ppm, b.headers);
}

}  // namespace

std::vector<std::string> need_restart(const Config& running, const Config& asked) {
  std::vector<std::string> keys;
  const auto check = [&keys](bool same, std::string_view key) {
    if (!same) keys.emplace_back(key);
  };
  check(std::ranges::equal(running.listen, asked.listen, same_listener), "listen");
  check(running.workers == asked.workers, "workers");
  check(running.shutdown_timeout == asked.shutdown_timeout, "shutdown_timeout");
  check(running.limits.connections == asked.limits.connections, "limits.connections");
  check(running.store.kind == asked.store.kind && running.store.path == asked.store.path &&
            running.store.usage_retention == asked.store.usage_retention &&
            running.store.journal_sync == asked.store.journal_sync &&
            same_redis(running.store, asked.store),
        "store");
  check(std::ranges::equal(running.admin_keys, asked.admin_keys, same_admin_key), "admin.keys");
  check(running.telemetry.log.json == asked.telemetry.log.json, "telemetry.log.format");
  check(running.telemetry.log.file == asked.telemetry.log.file, "telemetry.log.file");
  check(same_otlp(running.telemetry.otlp, asked.telemetry.otlp), "telemetry.otlp");
  return keys;
}

}  // namespace budget
