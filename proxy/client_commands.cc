#include "proxy/client_commands.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "proxy/cli_client.h"
#include "proxy/http_client.h"

namespace budget {
namespace {

constexpr const char* default_url = "https://127.0.0.1:8013";
// Where a server that was started here keeps them (`store.path` is data).
constexpr const char* local_key = "data/admin.key";
constexpr const char* local_certificate = "data/tls/self_signed.crt";

// The first line of a file that is the running user's own; "" otherwise.
std::string own_line(const char* file) {
  struct stat status{};
  if (::stat(file, &status) != 0 || status.st_uid != ::geteuid()) return "";
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

cli::Look look_of_output() {
  cli::Look look;
  if (const char* columns = std::getenv("COLUMNS")) {
    look.width = static_cast<std::size_t>(std::max(0, std::atoi(columns)));
  }
  if (::isatty(STDOUT_FILENO) == 0) return look;
  winsize size{};
  if (look.width == 0 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) look.width = size.ws_col;
  const char* terminal = std::getenv("TERM");
  const bool dumb = !terminal || std::string_view(terminal) == "dumb";
  look.colours = !dumb && std::getenv("NO_COLOR") == nullptr;
  return look;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

std::string examples_of(const cli::Command& command) {
  std::string text = "Examples:\n";
  for (std::string_view rest = command.examples; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    text += "  " + std::string(rest.substr(0, end)) + "\n";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return text;
}

CLI::App* subcommand_named(const CLI::App& app, const std::string& name) {
  for (CLI::App* each : const_cast<CLI::App&>(app).get_subcommands({})) {
    if (each->check_name(name)) return each;
  }
  return nullptr;
}

}  // namespace

ClientCommands::ClientCommands(CLI::App& app) {
  for (const cli::Group& group : cli::groups()) {
    app.add_subcommand(std::string(group.name), std::string(group.summary))->require_subcommand(1);
  }
  for (const cli::Command& command : cli::commands()) {
    const std::string path(command.path);
    const std::size_t space = path.find(' ');
    CLI::App& parent =
        space == std::string::npos ? app : *app.get_subcommand(path.substr(0, space));
    add(parent, command, space == std::string::npos ? path : path.substr(space + 1));
  }
}

void ClientCommands::add(CLI::App& parent, const cli::Command& command, std::string name) {
  Added& added = added_.emplace_back();
  added.command = &command;
  added.app = parent.add_subcommand(std::move(name), std::string(command.summary));
  added.app->footer(examples_of(command));
  for (const cli::Option& option : command.options) {
    const std::string word(option.name);
    std::string& value = added.values[word];
    auto* made = added.app->add_option(option.positional ? word : "--" + word, value,
                                       std::string(option.help));
    made->type_name(std::string(option.value))->required(option.required);
    if (!option.choices.empty()) made->check(CLI::IsMember(words_of(option.choices)));
  }
  added.app->add_option("--url", url_, "The server [BUDGET_URL, https://127.0.0.1:8013]")
      ->type_name("URL");
  added.app->add_option("--api-key", api_key_, "An admin key [BUDGET_API_KEY, ./data/admin.key]")
      ->type_name("KEY");
  added.app->add_option("--ca", ca_, "Who signs the server's certificate")->type_name("FILE");
  added.app->add_flag("--insecure", insecure_, "Do not check the server's certificate");
  added.app->add_option("--format", format_, "What the answer is in")
      ->check(CLI::IsMember({"table", "json"}));
}

bool ClientCommands::said() const {
  return std::any_of(added_.begin(), added_.end(),
                     [](const Added& added) { return added.app->parsed(); });
}

int ClientCommands::run() {
  const auto added = std::find_if(added_.begin(), added_.end(),
                                  [](const Added& each) { return each.app->parsed(); });
  const auto or_environment = [](const std::string& text, const char* name) {
    const char* set = std::getenv(name);
    return text.empty() && set ? std::string(set) : text;
  };
  CliClientOptions options{or_environment(url_, "BUDGET_URL"),
                           or_environment(api_key_, "BUDGET_API_KEY"), ca_, insecure_};
  if (options.url.empty()) options.url = default_url;
  // A key or a certificate of this folder is for the server of this machine.
  if (is_loopback_url(options.url)) {
    if (options.api_key.empty()) options.api_key = own_line(local_key);
    if (options.ca_file.empty() && !own_line(local_certificate).empty()) {
      options.ca_file = local_certificate;
    }
  }
  auto client = make_cli_client(std::move(options));
  if (!client) {
    std::fprintf(stderr, "budget: %s\n", client.error().c_str());
    return cli::bad_usage;
  }
  cli::Invocation invocation{added->values, format_ == "json", look_of_output(), {}};
  // Beside the answer, never in it.
  invocation.progress = [](std::string_view line) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  };
  const cli::Outcome outcome = added->command->run(**client, invocation);
  if (!outcome) {
    std::fprintf(stderr, "budget: %s\n", outcome.error().message.c_str());
    return outcome.error().exit_code;
  }
  std::fwrite(outcome->data(), 1, outcome->size(), stdout);
  return std::fflush(stdout) == 0 ? cli::done : cli::refused;
}

std::vector<std::string> with_dashes(const CLI::App& app, int argc, const char* const* argv) {
  std::vector<std::string> words;
  const CLI::App* at = &app;
  bool options_end = false;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    std::string dashed = word;
    const auto name_end =
        dashed.begin() + static_cast<std::ptrdiff_t>(std::min(dashed.find('='), dashed.size()));
    std::replace(dashed.begin(), name_end, '_', '-');
    if (word == "--") options_end = true;
    const bool option = word.starts_with("--");
    const CLI::App* next = option || options_end ? nullptr : subcommand_named(*at, dashed);
    if (next) at = next;
    words.push_back(!options_end && (option || next) ? std::move(dashed) : std::move(word));
  }
  return words;
}

}  // namespace budget
