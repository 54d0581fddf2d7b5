// The command line.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>

#include "proxy/check.h"
#include "proxy/client_commands.h"
#include "proxy/completion.h"
#include "proxy/count_tokens.h"
#include "proxy/serve.h"
#include "proxy/version.h"

namespace {

// Exit codes: docs/configuration.md.
constexpr int bad_usage = 2;

// configs/budget.yaml beside the binary, else the system's.
std::string default_config() {
  std::error_code error;
  const auto binary = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto beside = binary.parent_path() / "configs" / "budget.yaml";
  if (!error && std::filesystem::exists(beside, error)) return beside.string();
  return "/etc/budget/budget.yaml";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Budget: a proxy that counts what every LLM call costs and keeps budgets.",
               "budget"};
  app.set_version_flag("--version", std::string("budget ") + budget::version);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);

  std::string config_file = default_config();
  auto* serve = app.add_subcommand("serve", "Run the proxy, the admin API and the console");
  serve->alias("start");
  serve->add_option("--config", config_file, "The configuration file")
      ->type_name("FILE")
      ->capture_default_str();

  auto* check = app.add_subcommand(
      "check", "Validate a configuration and say what it would enforce; exits 1 on any error");
  check->add_option("--config,config", config_file, "The configuration file")
      ->type_name("FILE")
      ->capture_default_str();

  budget::CountTokensOptions count_options;
  auto* count = app.add_subcommand("count-tokens", "Count the tokens of a file or standard input");
  auto* model = count->add_option("--model", count_options.model, "Count as this model does");
  count->add_option("--encoding", count_options.encoding, "o200k_base or cl100k_base")
      ->excludes(model);
  count->add_option("--format", count_options.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  count->add_flag("--ids", count_options.ids, "Print the token ids");
  count->add_option("file", count_options.file, "A file; standard input when left out");

  budget::ClientCommands client_commands(app);
  std::string shell;
  auto* completion = app.add_subcommand(
      "completion",
      "Print a script that completes this command line: source <(budget completion bash)");
  completion->add_option("shell", shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));

  try {
    auto words = budget::with_dashes(app, argc, argv);
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bad_usage;
  }
  if (*serve) return budget::serve({config_file});
  if (*check) return budget::check_config(config_file);
  if (client_commands.said()) return client_commands.run();
  if (*completion) {
    const bool bash = shell == "bash";
    std::fputs((bash ? budget::bash_completion(app) : budget::zsh_completion(app)).c_str(), stdout);
    return 0;
  }
  return budget::count_tokens(count_options);
}
