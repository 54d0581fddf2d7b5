// The commands' way to a running server.
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

// Not thread-safe. The error is a sentence about `options`.
[[nodiscard]] std::expected<std::unique_ptr<cli::Client>, std::string> make_cli_client(
    CliClientOptions options);

}  // namespace budget
