#include "policy/ledger/redis_address.h"

#include <charconv>
#include <optional>

#include "policy/ledger/percent.h"

namespace budget::ledger {
namespace {

std::optional<int> number_of(std::string_view text, int most) {
  int value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < 0 || value > most) return std::nullopt;
  return value;
}

// Takes "USER:PASSWORD@" off the front of `rest`, if it is there.
bool take_credentials(std::string_view& rest, RedisAddress& address) {
  const std::size_t at = rest.substr(0, rest.find('/')).rfind('@');
  if (at == std::string_view::npos) return true;
  const std::string_view text = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  const std::size_t colon = text.find(':');
  const bool both = colon != std::string_view::npos;
  auto user = percent_decoded(both ? text.substr(0, colon) : text);
  auto password = percent_decoded(both ? text.substr(colon + 1) : std::string_view());
  if (!user || !password) return false;
  address.user = std::move(*user);
  address.password = std::move(*password);
  return true;
}

bool take_host(std::string_view text, RedisAddress& address) {
  std::size_t colon = text.rfind(':');
  if (text.starts_with('[')) {  // an IPv6 address
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    address.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (text.empty()) return true;
    colon = 0;
    if (text.front() != ':') return false;
  } else if (const std::string_view host = text.substr(0, colon); !host.empty()) {
    address.host = host;
  }
  if (colon == std::string_view::npos) return true;
  const auto port = number_of(text.substr(colon + 1), 65'535);
  if (!port || *port == 0) return false;
  address.port = static_cast<std::uint16_t>(*port);
  return true;
}

}  // namespace

std::string RedisAddress::printable() const {
  if (!path.empty()) return "unix://" + path;
  const bool bracketed = host.find(':') != std::string::npos;
  return std::string(tls ? "rediss://" : "redis://") + (bracketed ? "[" + host + "]" : host) + ":" +
         std::to_string(port) + "/" + std::to_string(database);
}

std::expected<RedisAddress, std::string> parse_redis_url(std::string_view url) {
  RedisAddress address;
  constexpr int kDatabaseMax = 1'000'000;
  const std::size_t scheme_end = url.find("://");
  const std::string_view scheme = url.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos ||
      (scheme != "redis" && scheme != "rediss" && scheme != "unix")) {
    return std::unexpected("a Redis URL begins with redis://, rediss:// or unix://");
  }
  std::string_view rest = url.substr(scheme_end + 3);
  if (!take_credentials(rest, address)) {
    return std::unexpected("user or password of the Redis URL are not percent-encoded");
  }
  std::string_view database;
  if (scheme == "unix") {
    const std::size_t query = rest.find('?');
    address.path = rest.substr(0, query);
    if (!address.path.starts_with('/')) {
      return std::unexpected("a unix:// URL needs the absolute path of a socket");
    }
    if (query != std::string_view::npos) {
      database = rest.substr(query + 1);
      if (!database.starts_with("db=")) {
        return std::unexpected("a unix:// URL takes only ?db=NUMBER");
      }
      database.remove_prefix(3);
    }
  } else {
    address.tls = scheme == "rediss";
    const std::size_t slash = rest.find('/');
    if (!take_host(rest.substr(0, slash), address)) {
      return std::unexpected("the Redis URL has no valid HOST:PORT");
    }
    if (slash != std::string_view::npos) database = rest.substr(slash + 1);
  }
  if (!database.empty()) {
    const auto number = number_of(database, kDatabaseMax);
    if (!number) return std::unexpected("the Redis URL names no valid database number");
    address.database = *number;
  }
  return address;
}

}  // namespace budget::ledger
