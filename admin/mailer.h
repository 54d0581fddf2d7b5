// How the admin side sends mail.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace budget::admin {

struct Mail {
  std::string server;  // smtp:// or smtps://, with USER:PASSWORD@ where it asks for them
  std::string from;
  std::vector<std::string> to;
  std::string message;  // RFC 5322, lines end in CRLF
};

// Seam: sockets are the proxy's. Uses STARTTLS where the server offers it, and
// insists on it before it says a password to a server that is not this machine.
// Thread-safe. Blocks: never call it from a worker.
class Mailer {
 public:
  virtual ~Mailer() = default;
  // The error is a sentence for the operator, without what is secret.
  virtual std::expected<void, std::string> send(const Mail& mail) = 0;
};

}  // namespace budget::admin
