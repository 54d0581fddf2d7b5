#include "proxy/config.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <tuple>
#include <utility>

#include "policy/config.h"
#include "policy/yaml/document.h"
#include "proxy/config_read.h"
#include "proxy/wire/format.h"

namespace budget {
namespace {

using policy::ConfigProblem;
using policy::ProblemList;

// Files that a configuration names are keys and certificates.
constexpr std::size_t file_bytes_max = std::size_t{1} << 20;

// In the order of the file; one report of the same at one place.
void tidy(ProblemList& problems) {
  const auto key = [](const ConfigProblem& problem) {
    return std::tie(problem.line, problem.column, problem.message);
  };
  std::ranges::sort(problems, {}, key);
  const auto repeated = std::ranges::unique(problems, {}, key);
  problems.erase(repeated.begin(), repeated.end());
}

// The formats whose paths a provider answers. Ollama and Gemini have OpenAI's
// paths beside their own, and Vertex serves Anthropic's under gemini.
std::vector<std::string> formats_of(wire::ProviderFormat format) {
  using enum wire::ProviderFormat;
  switch (format) {
    case ollama:
      return {"ollama", "openai"};
    case gemini:
      return {"gemini", "openai", "anthropic"};
    case any:
      return {"openai", "anthropic", "gemini", "bedrock", "cohere", "ollama"};
    default:
      return {std::string(name_of(format))};
  }
}

std::expected<std::string, std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected("it is not there, or may not be read");
  std::string contents(file_bytes_max + 1, '\0');
  file.read(contents.data(), static_cast<std::streamsize>(contents.size()));
  if (file.bad()) return std::unexpected("reading it failed");
  contents.resize(static_cast<std::size_t>(file.gcount()));
  if (contents.size() > file_bytes_max) return std::unexpected("it is larger than 1 MiB");
  return contents;
}

std::optional<std::string> process_variable(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace

policy::PolicyContext policy_context(const Config& config) {
  policy::PolicyContext context;
  context.on_store_failure = config.store.on_failure;
  context.operations = wire::metered_operation_names();
  for (const ProviderConfig& provider : config.providers) {
    context.providers.push_back({provider.name, formats_of(provider.format)});
  }
  return context;
}

std::expected<Config, ProblemList> parse_config(std::string_view text, const std::string& file,
                                                const Environment& environment,
                                                const FileReader& files) {
  const auto document = policy::parse_yaml(text, file);
  if (!document) return std::unexpected(document.error());
  policy::ConfigReader reader(file, config_keys(), environment, files);
  reader.check_keys(*document);
  const policy::Section root(reader, *document);
  Config config;
  config.file = file;
  read_limits(root, config);
  read_store(root, config);
  read_identity(root, config);
  read_listeners(root, config);
  read_providers(root, config);
  config.policies = policy::read_policy_config(root, policy_context(config));
  read_prices(root, config);
  read_services(root, config);
  if (!reader.problems().empty()) {
    tidy(reader.problems());
    return std::unexpected(std::move(reader.problems()));
  }
  tidy(reader.warnings());
  config.warnings = std::move(reader.warnings());
  return config;
}

std::expected<Config, ProblemList> load_config(const std::string& file) {
  const auto text = read_file(file);
  if (!text) {
    return std::unexpected(
        ProblemList{{file, 0, 0, "cannot read the configuration: " + text.error()}});
  }
  return parse_config(*text, file, process_variable, read_file);
}

}  // namespace budget
