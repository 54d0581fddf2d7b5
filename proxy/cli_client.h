// The commands' way to a running server: HTTP/1.1 over TCP or TLS.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "admin/cli/client.h"

namespace budget {

struct CliClientOptions {
  std::string url;      // http:// or https://, host, port
  std::string api_key;  // "": none is shown
  std::string ca_file;  // "": the system's authorities
  bool insecure = false;
};

// One connection for each request, with deadlines; not thread-safe. The error
// is a sentence about `options`.
[[nodiscard]] std::expected<std::unique_ptr<cli::Client>, std::string> make_cli_client(
    CliClientOptions options);

// Whether the URL's host is this machine.
[[nodiscard]] bool is_loopback_url(const std::string& url);

}  // namespace budget
