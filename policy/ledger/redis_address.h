// Where a Redis is, and as whom to speak to it.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace budget::ledger {

struct RedisAddress {
  std::string host = "127.0.0.1";  // a name or an address; unused with a path
  std::uint16_t port = 6379;
  std::string path;  // of a Unix socket, or ""
  std::string user;  // "": the default user
  std::string password;
  int database = 0;
  bool tls = false;
  // With tls. All are paths of PEM files; "": the system's authorities, and no
  // certificate of our own.
  std::string tls_ca, tls_certificate, tls_key;
  bool tls_verify = true;
  std::string tls_server_name;  // what the certificate must name; "": the host

  // "redis://10.0.0.7:6379/0": without user and password, so it may be logged.
  [[nodiscard]] std::string printable() const;
};

// Reads redis://USER:PASSWORD@HOST:PORT/DB, rediss://… for TLS, and
// unix://USER:PASSWORD@/PATH?db=DB; all but the scheme and a socket's path may
// be left out, user and password percent-encoded. The error is a sentence that
// quotes nothing of `url`, which may hold a password.
[[nodiscard]] std::expected<RedisAddress, std::string> parse_redis_url(std::string_view url);

}  // namespace budget::ledger
