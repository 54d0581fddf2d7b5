#include "proxy/cli_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

namespace budget {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::chrono::seconds connect_within{5};
constexpr std::chrono::seconds answer_within{60};
constexpr std::size_t answer_bytes_max = 64u << 20;

struct Address {
  bool tls = true;
  std::string host, port;
};

std::optional<Address> address_in(std::string_view url) {
  Address address;
  if (url.starts_with("http://")) {
    address.tls = false;
    url.remove_prefix(7);
  } else if (url.starts_with("https://")) {
    url.remove_prefix(8);
  } else {
    return std::nullopt;
  }
  if (url.ends_with('/')) url.remove_suffix(1);
  if (url.find_first_of("/?#@ ") != std::string_view::npos) return std::nullopt;
  std::string_view port = address.tls ? "443" : "80";
  if (url.starts_with('[')) {
    const std::size_t end = url.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    address.host = url.substr(1, end - 1);
    url.remove_prefix(end + 1);
    if (!url.empty() && !url.starts_with(':')) return std::nullopt;
    if (!url.empty()) port = url.substr(1);
  } else {
    const std::size_t colon = url.find(':');
    address.host = url.substr(0, colon);
    if (colon != std::string_view::npos) port = url.substr(colon + 1);
  }
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number < 1 || number > 65535) {
    return std::nullopt;
  }
  if (address.host.empty()) return std::nullopt;
  address.port = port;
  return address;
}

class CliClient final : public cli::Client {
 public:
  CliClient(CliClientOptions options, Address address, asio::ssl::context tls)
      : options_(std::move(options)), address_(std::move(address)), tls_(std::move(tls)) {}

  std::expected<cli::Reply, std::string> ask(std::string_view method, std::string_view target,
                                             std::string_view body) override {
    beast::ssl_stream<beast::tcp_stream> stream(asio::make_strand(io_), tls_);
    auto& tcp = beast::get_lowest_layer(stream);
    if (const error_code error = connect(tcp)) {
      return std::unexpected("cannot reach " + options_.url + ": " + error.message() +
                             "\nIs the server running (budget serve)? Give its address with --url "
                             "or BUDGET_URL.");
    }
    tcp.expires_after(answer_within);
    if (!address_.tls) return exchange(tcp, method, target, body);
    if (auto problem = handshake(stream)) return std::unexpected(std::move(*problem));
    return exchange(stream, method, target, body);
  }

 private:
  // Runs one operation to its end, which the stream's deadline bounds.
  template <class Start>
  error_code wait(Start start) {
    error_code result;
    start([&result](error_code error, auto&&...) { result = error; });
    io_.restart();
    io_.run();
    return result;
  }

  error_code connect(beast::tcp_stream& tcp) {
    error_code error;
    asio::ip::tcp::resolver resolver(io_);
    const auto endpoints = resolver.resolve(address_.host, address_.port, error);
    if (error) return error;
    tcp.expires_after(connect_within);
    return wait([&](auto handler) { tcp.async_connect(endpoints, handler); });
  }

  std::optional<std::string> handshake(beast::ssl_stream<beast::tcp_stream>& stream) {
    error_code not_an_address;
    asio::ip::make_address(address_.host, not_an_address);
    if (not_an_address) {
      SSL_set_tlsext_host_name(stream.native_handle(), address_.host.c_str());
    }
    if (!options_.insecure) {
      stream.set_verify_callback(asio::ssl::host_name_verification(address_.host));
    }
    const error_code error = wait(
        [&](auto handler) { stream.async_handshake(asio::ssl::stream_base::client, handler); });
    if (!error) return std::nullopt;
    std::string message = "no TLS with " + options_.url + ": " + error.message();
    const long verified = SSL_get_verify_result(stream.native_handle());
    if (verified != X509_V_OK) {
      message += std::string(" (") + X509_verify_cert_error_string(verified) +
                 ")\nName the authority that signed its certificate with --ca FILE; a self-signed "
                 "one is in tls/self_signed.crt in the store's folder. --insecure checks nothing.";
    } else {
      message += "\nIf the server listens without TLS, say --url http://…";
    }
    return message;
  }

  template <class Stream>
  std::expected<cli::Reply, std::string> exchange(Stream& stream, std::string_view method,
                                                  std::string_view target, std::string_view body) {
    http::request<http::string_body> request;
    request.method_string(method);
    request.target(target);
    request.version(11);
    const bool v6 = address_.host.find(':') != std::string::npos;
    request.set(http::field::host,
                (v6 ? "[" + address_.host + "]" : address_.host) + ":" + address_.port);
    request.set(http::field::connection, "close");
    request.set(http::field::user_agent, "budget-cli");
    if (!options_.api_key.empty()) request.set("x-api-key", options_.api_key);
    if (!body.empty()) request.set(http::field::content_type, "application/json");
    request.body() = body;
    request.prepare_payload();
    error_code error = wait([&](auto handler) { http::async_write(stream, request, handler); });
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(answer_bytes_max);
    if (!error) {
      error = wait([&](auto handler) { http::async_read(stream, buffer, parser, handler); });
    }
    if (error) {
      return std::unexpected("no answer from " + options_.url + ": " + error.message() +
                             (address_.tls ? ""
                                           : "\nIf the server listens with TLS, say --url "
                                             "https://…"));
    }
    auto message = parser.release();
    return cli::Reply{static_cast<int>(message.result_int()), std::move(message.body())};
  }

  CliClientOptions options_;
  Address address_;
  asio::io_context io_{1};
  asio::ssl::context tls_;
};

}  // namespace

std::expected<std::unique_ptr<cli::Client>, std::string> make_cli_client(CliClientOptions options) {
  auto address = address_in(options.url);
  if (!address) {
    return std::unexpected("the URL '" + options.url +
                           "' is not of the form https://HOST:PORT or http://HOST:PORT");
  }
  if (options.api_key.find_first_of("\r\n") != std::string::npos) {
    return std::unexpected("the API key has a line break in it");
  }
  asio::ssl::context tls(asio::ssl::context::tls_client);
  error_code error;
  if (options.insecure) {
    tls.set_verify_mode(asio::ssl::verify_none, error);
  } else {
    tls.set_verify_mode(asio::ssl::verify_peer, error);
    if (options.ca_file.empty()) {
      tls.set_default_verify_paths(error);
    } else {
      tls.load_verify_file(options.ca_file, error);
    }
  }
  if (error) {
    return std::unexpected("cannot read the certificates in '" + options.ca_file +
                           "': " + error.message());
  }
  return std::make_unique<CliClient>(std::move(options), std::move(*address), std::move(tls));
}

bool is_loopback_url(const std::string& url) {
  const auto address = address_in(url);
  if (!address) return false;
  if (address->host == "localhost") return true;
  error_code error;
  const auto ip = asio::ip::make_address(address->host, error);
  return !error && ip.is_loopback();
}

}  // namespace budget
