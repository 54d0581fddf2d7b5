// URLs and addresses in the configuration.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace budget {

struct ConfigUrl {
  std::string scheme;    // lower-case
  std::string userinfo;  // may hold a password
  std::string host;      // IPv6 without brackets; "" for unix://
  std::optional<std::uint16_t> port;
  std::string path;    // "" or from '/' on, as written
  bool query = false;  // has one, or a fragment
};

// The error is a sentence that quotes nothing of the URL, for a URL may hold a
// password, or be one that was put in the wrong place.
[[nodiscard]] std::expected<ConfigUrl, std::string> parse_url(std::string_view text);

struct HostPort {
  std::string host;  // IPv6 without brackets
  std::optional<std::uint16_t> port;
};
// "127.0.0.1:8013", "[::1]:8013", "localhost", ":8013" (every address).
// Port 0 is a listener's for "any that is free".
[[nodiscard]] std::expected<HostPort, std::string> parse_host_port(std::string_view text);

// 1 to 65535.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text);

}  // namespace budget
