// Any text as a configuration: it is refused with a place for each problem, or
// read, and then a summary can be made of it; the same every time.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/config.h"

namespace {

using namespace budget;

void require(bool condition) {
  if (!condition) std::abort();
}

std::optional<std::string> environment(std::string_view name) {
  if (name == "KEY") return "a-key";
  if (name == "ZERO") return "0";
  return std::nullopt;
}

std::expected<std::string, std::string> file(const std::string& path) {
  if (path == "key") return "a-key\n";
  return std::unexpected("it is not there");
}

std::string words_of(const policy::ProblemList& problems) {
  std::string words;
  for (const policy::ConfigProblem& problem : problems) {
    require(problem.line > 0 && problem.column > 0 && !problem.message.empty());
    words += problem.to_string() + "\n";
  }
  return words;
}

std::string outcome(std::string_view text) {
  const auto config = parse_config(text, "budget.yaml", environment, file);
  if (config) return summarize(*config) + words_of(config->warnings);
  require(!config.error().empty());
  return words_of(config.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require(outcome(text) == outcome(text));
  return 0;
}
