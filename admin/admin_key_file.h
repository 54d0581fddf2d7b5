// The admin key that is made when none is configured.
#pragma once

#include <expected>
#include <string>

namespace budget::admin {

// The key in `file`, made on first use; readable by its owner alone, which is
// restored where it was loosened. Blocks. The error is a sentence that names
// the file.
[[nodiscard]] std::expected<std::string, std::string> admin_key_in(const std::string& file);

}  // namespace budget::admin
