// Text that is certain to be UTF-8.
#pragma once

#include <string>

namespace budget::admin {

// `text` with U+FFFD for every byte that belongs to no well-formed sequence.
// Labels come from headers, which may hold any byte, and JSON may not.
[[nodiscard]] std::string repaired_utf8(std::string text);

}  // namespace budget::admin
