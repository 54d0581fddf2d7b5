// What an operator should know of a configuration beyond its being right.
#pragma once

#include <string>
#include <vector>

#include "proxy/config.h"

namespace budget {

// Keys whose new value only a restart applies, of those that differ.
[[nodiscard]] std::vector<std::string> need_restart(const Config& running, const Config& asked);

}  // namespace budget
