#include "proxy/net/tls_contexts.h"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace budget::net {

namespace asio = boost::asio;

namespace {

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Free<X509_free>>;
using FilePtr = std::unique_ptr<std::FILE, Free<std::fclose>>;

constexpr long year_s = 365L * 24 * 3600;
constexpr long week_s = 7L * 24 * 3600;

TlsContext tls_context(asio::ssl::context::method method) {
  auto context = std::make_shared<asio::ssl::context>(method);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  return context;
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (!extension) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

CertificatePtr make_certificate(EVP_PKEY* key) {
  CertificatePtr certificate(X509_new());
  X509* const x509 = certificate.get();
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1);
  X509_set_version(x509, 2);
  X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509), year_s);
  X509_set_pubkey(x509, key);
  X509_NAME* name = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("Budget (self-signed)"), -1, -1,
                             0);
  X509_set_issuer_name(x509, name);
  std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
  if (const std::string host = host_name(); !host.empty()) names += ",DNS:" + host;
  const bool extended = add_extension(x509, NID_subject_alt_name, names) &&
                        add_extension(x509, NID_basic_constraints, "critical,CA:TRUE") &&
                        add_extension(x509, NID_ext_key_usage, "serverAuth");
  if (!extended || X509_sign(x509, key, EVP_sha256()) == 0) return nullptr;
  return certificate;
}

bool still_valid(const CertificateFiles& files) {
  const FilePtr file(std::fopen(files.certificate.c_str(), "r"));
  if (!file || ::access(files.key.c_str(), R_OK) != 0) return false;
  const CertificatePtr certificate(PEM_read_X509(file.get(), nullptr, nullptr, nullptr));
  if (!certificate) return false;
  int days = 0;
  int seconds = 0;
  return ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate.get())) == 1 &&
         days * 86'400L + seconds > week_s;
}

// Written aside and renamed, so that a crash leaves no half a file.
template <class Write>
bool write_file(const std::string& path, mode_t mode, Write write) {
  const std::string aside = path + ".new";
  const int fd = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return false;
  FilePtr file(::fdopen(fd, "w"));
  const bool written = file && write(file.get()) == 1 && std::fflush(file.get()) == 0;
  return written && std::rename(aside.c_str(), path.c_str()) == 0;
}

}  // namespace

std::expected<TlsContext, std::string> server_tls_context(const std::string& certificate,
                                                          const std::string& key,
                                                          const std::string& client_ca) {
  TlsContext context = tls_context(asio::ssl::context::tls_server);
  boost::system::error_code error;
  context->use_certificate_chain_file(certificate, error);
  if (error) {
    return std::unexpected("cannot use the certificate '" + certificate + "': " + error.message());
  }
  context->use_private_key_file(key, asio::ssl::context::pem, error);
  if (error) return std::unexpected("cannot use the key '" + key + "': " + error.message());
  if (!client_ca.empty()) {
    context->load_verify_file(client_ca, error);
    if (error) {
      return std::unexpected("cannot use the client CA '" + client_ca + "': " + error.message());
    }
    context->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert,
                             error);
    SSL_CTX_set_client_CA_list(context->native_handle(),
                               SSL_load_client_CA_file(client_ca.c_str()));
  }
  static constexpr std::string_view session_id_context = "budget";
  SSL_CTX_set_session_id_context(context->native_handle(),
                                 reinterpret_cast<const unsigned char*>(session_id_context.data()),
                                 static_cast<unsigned>(session_id_context.size()));
  return context;
}

std::expected<TlsContext, std::string> client_tls_context(const std::string& ca) {
  TlsContext context = tls_context(asio::ssl::context::tls_client);
  boost::system::error_code error;
  if (ca.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(ca, error);
  }
  if (error) return std::unexpected("cannot use the CA '" + ca + "': " + error.message());
  return context;
}

std::expected<CertificateFiles, std::string> self_signed_certificate(const std::string& folder) {
  CertificateFiles files{folder + "/self_signed.crt", folder + "/self_signed.key"};
  if (still_valid(files)) return files;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return std::unexpected("cannot make '" + folder + "': " + error.message());

  const KeyPtr key(EVP_EC_gen("P-256"));
  const CertificatePtr certificate = key ? make_certificate(key.get()) : nullptr;
  if (!certificate) return std::unexpected("OpenSSL could not make a self-signed certificate");
  const bool written = write_file(files.key, 0600,
                                  [&](std::FILE* file) {
                                    return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr,
                                                                0, nullptr, nullptr);
                                  }) &&
                       write_file(files.certificate, 0644, [&](std::FILE* file) {
                         return PEM_write_X509(file, certificate.get());
                       });
  if (!written) return std::unexpected("cannot write '" + files.certificate + "' or its key");
  return files;
}

}  // namespace budget::net
