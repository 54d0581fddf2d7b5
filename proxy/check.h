// `budget check`: is this configuration right, and what would it enforce?
#pragma once

#include <string>

namespace budget {

// Prints every problem on standard error and returns 1, or a one-screen
// summary on standard output and returns 0.
int check_config(const std::string& file);

}  // namespace budget
