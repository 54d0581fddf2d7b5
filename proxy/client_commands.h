// The commands that talk to a running server, on the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "admin/cli/command.h"

namespace budget {

// Adds every command of admin/cli's table, and runs the one that was said.
// Must outlive the parsing.
class ClientCommands {
 public:
  explicit ClientCommands(CLI::App& app);
  ClientCommands(const ClientCommands&) = delete;
  ClientCommands& operator=(const ClientCommands&) = delete;

  // Whether one of them was said. REQUIRES: app.parse() has returned.
  [[nodiscard]] bool said() const;
  // Prints the answer, or on standard error what went wrong; the exit code.
  [[nodiscard]] int run();

 private:
  struct Added {
    const cli::Command* command = nullptr;
    CLI::App* app = nullptr;
    std::map<std::string, std::string, std::less<>> values;
  };
  void add(CLI::App& parent, const cli::Command& command, std::string name);

  std::deque<Added> added_;  // CLI11 keeps addresses of the values
  std::string url_, api_key_, ca_, format_ = "table";
  bool insecure_ = false;
};

// Underscores where dashes are meant: of "--task_type=x_y" the name, of
// "get_usage" the whole when a command is called so with dashes.
[[nodiscard]] std::vector<std::string> with_dashes(const CLI::App& app, int argc,
                                                   const char* const* argv);

}  // namespace budget
