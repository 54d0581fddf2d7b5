#include "proxy/completion.h"

#include <algorithm>
#include <functional>
#include <vector>

namespace budget {
namespace {

using Visit = std::function<void(const std::string& path, const CLI::App& app)>;

// `app` and all below it; a path is "/allocate/create", the root's is "".
void visit(const CLI::App& app, const std::string& path, const Visit& see) {
  see(path, app);
  for (const CLI::App* each : app.get_subcommands({})) {
    visit(*each, path + "/" + each->get_name(), see);
  }
}

std::vector<const CLI::Option*> long_options(const CLI::App& app) {
  std::vector<const CLI::Option*> found;
  for (const CLI::Option* option : app.get_options({})) {
    if (!option->get_lnames().empty()) found.push_back(option);
  }
  return found;
}

// The choices that CLI::IsMember tells in a type's name: "TEXT:{a,b}".
std::string choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return "";
  std::string choices = type.substr(open + 1, close - open - 1);
  std::replace(choices.begin(), choices.end(), ',', ' ');
  return choices;
}

bool is_file(const CLI::Option& option) {
  return option.get_type_name() == "FILE";
}

std::string words_below(const CLI::App& app) {
  std::string words;
  const auto add = [&words](const std::string& word) {
    words += (words.empty() ? "" : " ") + word;
  };
  for (const CLI::App* each : app.get_subcommands({})) add(each->get_name());
  for (const CLI::Option* option : long_options(app)) {
    for (const std::string& name : option->get_lnames()) add("--" + name);
  }
  return words;
}

// For a shell's single quotes, and for zsh's descriptions.
std::string in_quotes(const std::string& text, bool colons) {
  std::string safe;
  for (const char c : text) {
    if (c == '\'') {
      safe += "'\\''";
    } else if (colons && c == ':') {
      safe += "\\:";
    } else {
      safe += c;
    }
  }
  return "'" + safe + "'";
}

// The part that both shells share: which command is being written, in $path.
std::string path_cases(const CLI::App& app) {
  std::string cases;
  visit(app, "", [&cases](const std::string& path, const CLI::App&) {
    if (!path.empty()) cases += (cases.empty() ? "" : "|") + path;
  });
  return cases;
}

std::string value_cases(const CLI::App& app, const std::string& choose, const std::string& files,
                        bool quote) {
  std::string cases;
  visit(app, "", [&](const std::string& path, const CLI::App& each) {
    for (const CLI::Option* option : long_options(each)) {
      const std::string label = "    " + path + ":--" + option->get_lnames().front() + ") ";
      const std::string choices = choices_of(*option);
      if (!choices.empty()) {
        cases += label + choose + (quote ? "'" + choices + "'" : choices) + "; return ;;\n";
      } else if (is_file(*option)) {
        cases += label + files + "; return ;;\n";
      } else if (option->get_expected_max() > 0 && option->get_type_size() > 0) {
        cases += label + "return ;;\n";
      }
    }
  });
  return cases;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string words;
  visit(app, "", [&words](const std::string& path, const CLI::App& each) {
    words += "    '" + path + "') words=" + in_quotes(words_below(each), false) + " ;;\n";
  });
  return R"(# Completion for budget in bash: source <(budget completion bash)
_budget() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"
  local path='' words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path/${COMP_WORDS[i]//_/-}" in
      )" +
         path_cases(app) + R"() path="$path/${COMP_WORDS[i]//_/-}" ;;
    esac
  done
  COMPREPLY=()
  case "$path:$prev" in
)" + value_cases(app, "_budget_choose ", "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")", true) +
         R"(  esac
  case "$path" in
)" + words +
         R"(  esac
  _budget_choose "$words"
}
_budget_choose() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}
complete -F _budget budget
)";
}

std::string zsh_completion(const CLI::App& app) {
  std::string words;
  visit(app, "", [&words](const std::string& path, const CLI::App& each) {
    words += "    '" + path + "') offered=(";
    for (const CLI::App* sub : each.get_subcommands({})) {
      words +=
          "\n      '" + sub->get_name() + ":" + in_quotes(sub->get_description(), true).substr(1);
    }
    for (const CLI::Option* option : long_options(each)) {
      words += "\n      '--" + option->get_lnames().front() + ":" +
               in_quotes(option->get_description(), true).substr(1);
    }
    words += ") ;;\n";
  });
  return R"(#compdef budget
# Completion for budget in zsh: source <(budget completion zsh), or a file
# _budget in a folder of $fpath.
_budget() {
  local prev="${words[CURRENT-1]}" at='' word i
  local -a offered
  for ((i = 2; i < CURRENT; i++)); do
    word="${words[i]//_/-}"
    case "$at/$word" in
      )" +
         path_cases(app) + R"() at="$at/$word" ;;
    esac
  done
  case "$at:$prev" in
)" + value_cases(app, "compadd -- ", "_files", false) +
         R"(  esac
  case "$at" in
)" + words +
         R"(  esac
  _describe budget offered
}
if [[ "${funcstack[1]}" == _budget ]]; then _budget "$@"; else compdef _budget budget; fi
)";
}

}  // namespace budget
