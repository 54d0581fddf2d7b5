// TLS settings: what we show to clients and what we ask of providers.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <expected>
#include <memory>
#include <string>

namespace budget::net {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// TLS 1.2 and 1.3, session resumption on. `certificate` and `key` are PEM
// files; with `client_ca` clients must show a certificate that it signed.
// The error is a sentence that names the file.
[[nodiscard]] std::expected<TlsContext, std::string> server_tls_context(
    const std::string& certificate, const std::string& key, const std::string& client_ca);

// Verifies against the system's authorities, or those in the PEM file `ca`.
[[nodiscard]] std::expected<TlsContext, std::string> client_tls_context(const std::string& ca);

struct CertificateFiles {
  std::string certificate;
  std::string key;
};

// A certificate for localhost, 127.0.0.1, ::1 and this machine's name, signed
// by itself, in `folder`; made when it is missing or ends within a week, valid
// for a year, the key readable by its owner alone. Clients can be told to
// trust the certificate file. The error is a sentence.
[[nodiscard]] std::expected<CertificateFiles, std::string> self_signed_certificate(
    const std::string& folder);

}  // namespace budget::net
