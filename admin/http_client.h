// How the admin side reaches others: webhooks, price sources, Hermes, a model.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace budget::admin {

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http:// or https://, with path and query
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string ca_file;  // "": the system's authorities
  bool verify = true;   // the server's certificate
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{30'000};  // for all of it
  std::size_t answer_bytes_max = 1u << 20;    // a longer body is an error
};

struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names lower-case
  std::string body;                                          // "" where on_body took it
};

struct HttpFailure {
  enum class Step : std::uint8_t { url, connect, tls, exchange };
  Step step = Step::connect;
  std::string message;  // a sentence for the operator; holds no secret of the request
};

// Is given the body as it arrives; false ends the exchange, which is then no
// error.
using OnBody = std::function<bool(std::string_view piece)>;

// Seam: sockets are the proxy's. Verifies certificates; follows no redirect;
// one connection for each exchange. Thread-safe. Blocks, and for a name's
// resolution as long as the system does: never call it from a worker.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Any status is an answer. Without on_body the body is collected.
  virtual std::expected<HttpAnswer, HttpFailure> fetch(const HttpRequest& request,
                                                       const OnBody& on_body = {}) = 0;
};

}  // namespace budget::admin
