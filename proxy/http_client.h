// The admin side's and the commands' way to other servers: HTTP/1.1 over TCP or
// TLS, one blocking exchange at a time.
#pragma once

#include <memory>

#include "admin/http_client.h"

namespace budget {

[[nodiscard]] std::unique_ptr<admin::HttpClient> make_http_client();

// Whether the URL's host is this machine.
[[nodiscard]] bool is_loopback_url(const std::string& url);

}  // namespace budget
