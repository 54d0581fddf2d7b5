// Instants as text.
#pragma once

#include <string>

#include "policy/clock.h"

namespace budget::policy {

// "2026-11-24T13:05:09Z"; with milliseconds ("…:09.250Z") where there are any.
[[nodiscard]] std::string rfc3339(Time time);

}  // namespace budget::policy
