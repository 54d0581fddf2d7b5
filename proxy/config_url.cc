#include "proxy/config_url.h"

#include <algorithm>
#include <cctype>

#include "policy/yaml/scalars.h"

namespace budget {
namespace {

bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
  });
}

bool is_ipv6(std::string_view host) {
  return host.contains(':') && std::ranges::all_of(host, [](char c) {
           return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '.';
         });
}

}  // namespace

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto number = policy::parse_integer(text);
  if (!number || *number < 1 || *number > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

std::expected<HostPort, std::string> parse_host_port(std::string_view text) {
  HostPort result;
  std::string_view port;
  bool with_port = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::unexpected("'[' without ']'");
    result.host = text.substr(1, end - 1);
    if (!is_ipv6(result.host)) return std::unexpected("no IPv6 address between '[' and ']'");
    port = text.substr(end + 1);
    with_port = !port.empty();
    if (with_port && !port.starts_with(':')) return std::unexpected("expected ':' behind ']'");
    if (with_port) port.remove_prefix(1);
  } else if (std::ranges::count(text, ':') > 1) {
    return std::unexpected("put an IPv6 address in brackets, such as [::1]:8013");
  } else {
    const std::size_t colon = text.find(':');
    result.host = text.substr(0, colon);
    with_port = colon != std::string_view::npos;
    if (with_port) port = text.substr(colon + 1);
    if (result.host.empty() && with_port) result.host = "0.0.0.0";
    if (!is_host_name(result.host)) return std::unexpected("no host name or IP address");
  }
  if (!with_port) return result;
  result.port = port == "0" ? std::optional<std::uint16_t>(0) : parse_port(port);
  if (!result.port) return std::unexpected("the port has to be a number from 0 to 65535");
  return result;
}

std::expected<ConfigUrl, std::string> parse_url(std::string_view text) {
  ConfigUrl url;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) {
    return std::unexpected("no scheme; write https:// in front");
  }
  for (const char c : text.substr(0, colon)) {
    url.scheme += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  std::string_view rest = text.substr(colon + 3);
  const bool odd = std::ranges::any_of(rest, [](char c) { return c <= ' ' || c == '\x7f'; });
  if (odd) return std::unexpected("a space, or a character that is not ASCII");
  const std::size_t query = rest.find_first_of("?#");
  url.query = query != std::string_view::npos;
  rest = rest.substr(0, query);
  const std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos) url.path = rest.substr(slash);
  std::string_view authority = rest.substr(0, slash);
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    url.userinfo = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  if (url.scheme == "unix") {
    if (!authority.empty() || url.path.empty()) {
      return std::unexpected("a Unix socket is written unix:///PATH");
    }
    return url;
  }
  if (authority.empty() || authority.starts_with(':')) return std::unexpected("no host");
  auto host = parse_host_port(authority);
  if (!host) return std::unexpected(std::move(host.error()));
  if (host->port == 0) return std::unexpected("the port has to be a number from 1 to 65535");
  url.host = std::move(host->host);
  url.port = host->port;
  return url;
}

}  // namespace budget
