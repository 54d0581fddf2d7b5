// `budget completion`: scripts that let a shell complete the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace budget {

// Made from the commands and options that `app` knows; needs nothing else than
// the shell, and does not run the program.
[[nodiscard]] std::string bash_completion(const CLI::App& app);
[[nodiscard]] std::string zsh_completion(const CLI::App& app);

}  // namespace budget
