#include "proxy/mailer.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string_view>

#include "proxy/config.h"
#include "proxy/config_url.h"

namespace budget {
namespace {

constexpr long connect_timeout_ms = 5'000;
constexpr long timeout_ms = 30'000;

struct CurlEnd {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct ListEnd {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::size_t give_message(char* buffer, std::size_t size, std::size_t count, void* what) {
  auto* left = static_cast<std::string_view*>(what);
  const std::size_t bytes = std::min(size * count, left->size());
  std::memcpy(buffer, left->data(), bytes);
  left->remove_prefix(bytes);
  return bytes;
}

class CurlMailer final : public admin::Mailer {
 public:
  std::expected<void, std::string> send(const admin::Mail& mail) override {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    const auto url = parse_url(mail.server);
    if (!url) return std::unexpected("the mail server's address is not one");
    const std::unique_ptr<CURL, CurlEnd> handle(curl_easy_init());
    if (!handle) return std::unexpected("there is no memory for a mail");

    const bool own_machine = is_loopback(url->host) || url->host == "localhost";
    // A password is said to nobody who could be another.
    const bool must_encrypt = !url->userinfo.empty() && !own_machine;
    const std::string from = "<" + mail.from + ">";
    std::unique_ptr<curl_slist, ListEnd> to;
    for (const std::string& each : mail.to) {
      to.reset(curl_slist_append(to.release(), ("<" + each + ">").c_str()));
    }
    std::string_view left = mail.message;
    std::string why(CURL_ERROR_SIZE, '\0');
    curl_easy_setopt(handle.get(), CURLOPT_URL, mail.server.c_str());
    curl_easy_setopt(handle.get(), CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(handle.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle.get(), CURLOPT_USE_SSL,
                     static_cast<long>(must_encrypt ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(handle.get(), CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(handle.get(), CURLOPT_MAIL_FROM, from.c_str());
    curl_easy_setopt(handle.get(), CURLOPT_MAIL_RCPT, to.get());
    curl_easy_setopt(handle.get(), CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle.get(), CURLOPT_READFUNCTION, give_message);
    curl_easy_setopt(handle.get(), CURLOPT_READDATA, &left);
    curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, why.data());
    const CURLcode code = curl_easy_perform(handle.get());
    if (code == CURLE_OK) return {};
    why.resize(std::strlen(why.c_str()));
    // What curl says names the host and the server's words, not the password.
    return std::unexpected(why.empty() ? curl_easy_strerror(code) : why);
  }
};

}  // namespace

std::unique_ptr<admin::Mailer> make_mailer() {
  return std::make_unique<CurlMailer>();
}

}  // namespace budget
