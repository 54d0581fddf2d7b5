#include "proxy/cli_client.h"

#include <fstream>
#include <string_view>
#include <utility>

#include "proxy/http_client.h"

namespace budget {
namespace {

using admin::HttpFailure;

constexpr std::chrono::seconds answer_within{60};
constexpr std::size_t answer_bytes_max = 64u << 20;

// What to do about it, where that is known.
std::string advice(const HttpFailure& failure, const std::string& url) {
  switch (failure.step) {
    case HttpFailure::Step::url:
      return "";
    case HttpFailure::Step::connect:
      return "\nIs the server running (budget serve)? Give its address with --url or BUDGET_URL.";
    case HttpFailure::Step::tls:
      return "\nName the authority that signed its certificate with --ca FILE; a self-signed one "
             "is in tls/self_signed.crt in the store's folder. --insecure checks nothing.";
    case HttpFailure::Step::exchange:
      return url.starts_with("https") ? "\nIf the server listens without TLS, say --url http://…"
                                      : "\nIf the server listens with TLS, say --url https://…";
  }
  return "";
}

class CliClient final : public cli::Client {
 public:
  explicit CliClient(CliClientOptions options) : options_(std::move(options)) {}

  std::expected<cli::Reply, std::string> ask(std::string_view method, std::string_view target,
                                             std::string_view body) override {
    admin::HttpRequest request;
    request.method = method;
    request.url = options_.url + std::string(target);
    request.body = body;
    request.ca_file = options_.ca_file;
    request.verify = !options_.insecure;
    request.timeout = answer_within;
    request.answer_bytes_max = answer_bytes_max;
    request.headers.emplace_back("user-agent", "budget-cli");
    if (!options_.api_key.empty()) request.headers.emplace_back("x-api-key", options_.api_key);
    if (!body.empty()) request.headers.emplace_back("content-type", "application/json");
    auto answer = http_->fetch(request);
    if (!answer) {
      return std::unexpected(answer.error().message + advice(answer.error(), options_.url));
    }
    return cli::Reply{answer->status, std::move(answer->body)};
  }

 private:
  CliClientOptions options_;
  std::unique_ptr<admin::HttpClient> http_ = make_http_client();
};

// Without a path: the commands know their own.
bool is_origin(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view rest = url.substr(scheme + 3);
  return !rest.empty() && rest.find_first_of("/?#@ ") == std::string_view::npos &&
         (url.starts_with("http://") || url.starts_with("https://"));
}

}  // namespace

std::expected<std::unique_ptr<cli::Client>, std::string> make_cli_client(CliClientOptions options) {
  if (options.url.ends_with('/')) options.url.pop_back();
  if (!is_origin(options.url)) {
    return std::unexpected("the URL '" + options.url +
                           "' is not of the form https://HOST:PORT or http://HOST:PORT");
  }
  if (options.api_key.find_first_of("\r\n") != std::string::npos) {
    return std::unexpected("the API key has a line break in it");
  }
  if (!options.ca_file.empty() && !std::ifstream(options.ca_file)) {
    return std::unexpected("cannot read the certificates in '" + options.ca_file + "'");
  }
  return std::make_unique<CliClient>(std::move(options));
}

}  // namespace budget
