// A running server's API, as the commands see it.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace budget::cli {

struct Reply {
  int status = 0;
  std::string body;
};

// Seam: HTTP, or a test's. Blocks until the answer is whole or a deadline has
// passed. The error is a sentence that says why there is no answer and what to
// do about it.
class Client {
 public:
  virtual ~Client() = default;
  // `target` is a path with its query; `body` is JSON or "".
  virtual std::expected<Reply, std::string> ask(std::string_view method, std::string_view target,
                                                std::string_view body) = 0;
};

}  // namespace budget::cli
