// The admin side's way to send mail.
#pragma once

#include <memory>

#include "admin/mailer.h"

namespace budget {

// By libcurl: SMTP and SMTPS, STARTTLS, AUTH PLAIN and LOGIN, and certificates
// checked against the system's authorities.
[[nodiscard]] std::unique_ptr<admin::Mailer> make_mailer();

}  // namespace budget
