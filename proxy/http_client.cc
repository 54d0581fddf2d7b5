#include "proxy/http_client.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <optional>
#include <utility>

#include "proxy/config_url.h"
#include "proxy/version.h"

namespace budget {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using admin::HttpAnswer;
using admin::HttpFailure;
using admin::HttpRequest;
using admin::OnBody;
using boost::system::error_code;
using Step = HttpFailure::Step;

constexpr std::size_t piece_bytes = 64u << 10;

struct Target {
  bool tls = true;
  std::string host, port, path;
  std::string authority;  // of the Host header
  std::string origin;     // for messages: the URL without what may be secret in its path
};

std::optional<Target> target_of(std::string_view text) {
  const auto url = parse_url(text);
  if (!url || (url->scheme != "http" && url->scheme != "https") || !url->userinfo.empty()) {
    return std::nullopt;
  }
  Target target;
  target.tls = url->scheme == "https";
  target.host = url->host;
  target.authority = url->host.contains(':') ? "[" + url->host + "]" : url->host;
  if (url->port) target.authority += ":" + std::to_string(*url->port);
  target.port = url->port ? std::to_string(*url->port) : target.tls ? "443" : "80";
  target.origin = url->scheme + "://" + target.authority;
  target.path = url->path.empty() ? "/" : url->path;
  const std::string_view rest = text.substr(0, text.find('#'));
  if (const auto query = rest.find('?'); query != std::string_view::npos) {
    target.path += rest.substr(query);
  }
  return target;
}

// Of one exchange; used up by it.
class Exchange {
 public:
  Exchange(const HttpRequest& request, Target target, const OnBody& on_body)
      : request_(request),
        target_(std::move(target)),
        on_body_(on_body),
        tls_(asio::ssl::context::tls_client),
        until_(std::chrono::steady_clock::now() + request.timeout) {}

  std::expected<HttpAnswer, HttpFailure> run() {
    if (target_.tls) {
      if (auto failed = trust()) return std::unexpected(std::move(*failed));
    }
    beast::ssl_stream<beast::tcp_stream> stream(asio::make_strand(io_), tls_);
    beast::tcp_stream& tcp = beast::get_lowest_layer(stream);
    if (const error_code error = connect(tcp)) {
      return fail(Step::connect, "cannot reach " + target_.origin + ": " + error.message());
    }
    tcp.expires_at(until_);
    if (!target_.tls) return talk(tcp);
    if (auto failed = handshake(stream)) return std::unexpected(std::move(*failed));
    return talk(stream);
  }

 private:
  static std::unexpected<HttpFailure> fail(Step step, std::string message) {
    return std::unexpected(HttpFailure{step, std::move(message)});
  }

  // Runs one operation to its end, which the stream's deadline bounds.
  template <class Start>
  error_code wait(Start start) {
    error_code result;
    start([&result](error_code error, auto&&...) { result = error; });
    io_.restart();
    io_.run();
    return result;
  }

  std::optional<HttpFailure> trust() {
    error_code error;
    if (!request_.verify) {
      tls_.set_verify_mode(asio::ssl::verify_none, error);
    } else {
      tls_.set_verify_mode(asio::ssl::verify_peer, error);
      if (request_.ca_file.empty()) {
        tls_.set_default_verify_paths(error);
      } else {
        tls_.load_verify_file(request_.ca_file, error);
      }
    }
    if (!error) return std::nullopt;
    return HttpFailure{Step::tls, "cannot read the certificates in '" + request_.ca_file +
                                      "': " + error.message()};
  }

  error_code connect(beast::tcp_stream& tcp) {
    error_code error;
    asio::ip::tcp::resolver resolver(io_);
    const auto endpoints = resolver.resolve(target_.host, target_.port, error);
    if (error) return error;
    tcp.expires_at(std::min(until_, std::chrono::steady_clock::now() + request_.connect_timeout));
    return wait([&](auto handler) { tcp.async_connect(endpoints, handler); });
  }

  std::optional<HttpFailure> handshake(beast::ssl_stream<beast::tcp_stream>& stream) {
    error_code not_an_address;
    asio::ip::make_address(target_.host, not_an_address);
    if (not_an_address) {
      SSL_set_tlsext_host_name(stream.native_handle(), target_.host.c_str());
    }
    if (request_.verify) {
      stream.set_verify_callback(asio::ssl::host_name_verification(target_.host));
    }
    const error_code error = wait(
        [&](auto handler) { stream.async_handshake(asio::ssl::stream_base::client, handler); });
    if (!error) return std::nullopt;
    std::string message = "no TLS with " + target_.origin + ": " + error.message();
    const long verified = SSL_get_verify_result(stream.native_handle());
    if (verified != X509_V_OK) {
      message += std::string(" (") + X509_verify_cert_error_string(verified) + ")";
    }
    return HttpFailure{verified == X509_V_OK ? Step::exchange : Step::tls, std::move(message)};
  }

  template <class Stream>
  std::expected<HttpAnswer, HttpFailure> talk(Stream& stream) {
    http::request<http::string_body> message;
    message.method_string(request_.method);
    message.target(target_.path);
    message.version(11);
    message.set(http::field::host, target_.authority);
    message.set(http::field::connection, "close");
    message.set(http::field::user_agent, "budget/" + std::string(version));
    for (const auto& [name, value] : request_.headers) message.set(name, value);
    message.body() = request_.body;
    message.prepare_payload();
    error_code error = wait([&](auto handler) { http::async_write(stream, message, handler); });
    if (!error) return read_answer(stream);
    return no_answer(error);
  }

  template <class Stream>
  std::expected<HttpAnswer, HttpFailure> read_answer(Stream& stream) {
    beast::flat_buffer buffer;
    http::response_parser<http::buffer_body> parser;
    // The sum is bounded below, also of what comes without a length.
    parser.body_limit(boost::none);
    error_code error =
        wait([&](auto handler) { http::async_read_header(stream, buffer, parser, handler); });
    if (error) return no_answer(error);
    HttpAnswer answer;
    answer.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get().base()) {
      std::string name(field.name_string());
      std::ranges::transform(name, name.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? char(c | 0x20) : c; });
      answer.headers.emplace_back(std::move(name), std::string(field.value()));
    }
    std::string piece(piece_bytes, '\0');
    std::size_t total = 0;
    while (!parser.is_done()) {
      auto& body = parser.get().body();
      body.data = piece.data();
      body.size = piece.size();
      error = wait([&](auto handler) { http::async_read_some(stream, buffer, parser, handler); });
      if (error && error != http::error::need_buffer) return no_answer(error);
      const std::string_view got(piece.data(), piece.size() - body.size);
      total += got.size();
      if (total > request_.answer_bytes_max) {
        return fail(Step::exchange, "the answer of " + target_.origin + " is larger than " +
                                        std::to_string(request_.answer_bytes_max) + " bytes");
      }
      if (!on_body_) {
        answer.body += got;
      } else if (!got.empty() && !on_body_(got)) {
        break;
      }
    }
    return answer;
  }

  std::unexpected<HttpFailure> no_answer(const error_code& error) const {
    return fail(Step::exchange, "no answer from " + target_.origin + ": " + error.message());
  }

  const HttpRequest& request_;
  Target target_;
  const OnBody& on_body_;
  asio::io_context io_{1};
  asio::ssl::context tls_;
  std::chrono::steady_clock::time_point until_;
};

class BlockingHttpClient final : public admin::HttpClient {
 public:
  std::expected<HttpAnswer, HttpFailure> fetch(const HttpRequest& request,
                                               const OnBody& on_body) override {
    auto target = target_of(request.url);
    if (!target) {
      return std::unexpected(HttpFailure{
          Step::url, "the URL is not of the form https://HOST:PORT/PATH or http://HOST:PORT/PATH"});
    }
    for (const auto& [name, value] : request.headers) {
      if (value.find_first_of("\r\n") != std::string::npos) {
        return std::unexpected(
            HttpFailure{Step::url, "the header " + name + " has a line break in it"});
      }
    }
    return Exchange(request, std::move(*target), on_body).run();
  }
};

}  // namespace

std::unique_ptr<admin::HttpClient> make_http_client() {
  return std::make_unique<BlockingHttpClient>();
}

bool is_loopback_url(const std::string& url) {
  const auto target = target_of(url);
  if (!target) return false;
  if (target->host == "localhost") return true;
  error_code error;
  const auto ip = asio::ip::make_address(target->host, error);
  return !error && ip.is_loopback();
}

}  // namespace budget
