// The commands that talk to a running server: what there is, and what each
// needs. The command line, its help and its completion are made from this.
#pragma once

#include <boost/json/value.hpp>
#include <expected>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/cli/client.h"
#include "admin/cli/table.h"

namespace budget::cli {

namespace json = boost::json;

// Exit codes of every command.
inline constexpr int done = 0;
inline constexpr int refused = 1;
inline constexpr int bad_usage = 2;
inline constexpr int unreachable = 3;

struct Option {
  std::string_view name;   // "start" is said --start; a positional's is its name
  std::string_view value;  // what stands for its value in the help; "" is a flag
  std::string_view help;
  // Of the request, when the value goes there as it is; "" when the command
  // makes something of it.
  std::string_view field{};
  bool required = false;
  bool positional = false;
  std::string_view choices{};  // separated by spaces
};

// What was said on the command line, and how to answer.
struct Invocation {
  std::map<std::string, std::string, std::less<>> options;
  bool json = false;
  Look look;
  // Is told how far a command has got that takes its time; may be empty.
  std::function<void(std::string_view line)> progress{};

  [[nodiscard]] std::string get(std::string_view name) const {
    const auto found = options.find(name);
    return found == options.end() ? "" : found->second;
  }
};

struct Failed {
  int exit_code = refused;
  std::string message;  // what to do about it is in it
};
// What goes to standard output.
using Outcome = std::expected<std::string, Failed>;

struct Command {
  std::string_view path;  // "allocate create"
  std::string_view summary;
  std::span<const Option> options;
  std::string_view examples;  // lines
  Outcome (*run)(Client& client, const Invocation& invocation);
};

[[nodiscard]] std::span<const Command> commands();

// Groups of commands, by the first word of their path, and what they are about.
struct Group {
  std::string_view name, summary;
};
[[nodiscard]] std::span<const Group> groups();

}  // namespace budget::cli
