// Damaged files are refused or read; nothing else can happen.
#include <fstream>
#include <iterator>
#include <random>

#include "tests/config/fixture.h"

namespace budget {
namespace {

std::string shipped(const std::string& name) {
  std::ifstream file(std::string(BUDGET_SOURCE_DIR) + "/configs/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

void damage(std::string& text, std::mt19937_64& random) {
  constexpr std::string_view pieces[] = {
      "\t", "  ",  "\n",    ": ",   "[", "]", "{", "}",  "\"", "'", "&a",    "*a",
      "- ", "${A", "${A}}", "\xC3", "|", ">", "#", "!!", "? ", "%", "---\n", "9999999999999999999"};
  const std::size_t at = random() % text.size();
  const std::size_t length = random() % 12;
  switch (random() % 3) {
    case 0:
      text.erase(at, length);
      break;
    case 1:
      text.insert(at, pieces[random() % std::size(pieces)]);
      break;
    default:
      text.insert(random() % text.size(), text.substr(at, length * 4));
      break;
  }
}

TEST(Damage, IsReportedWithAPlaceOrHarmless) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  int refused = 0;
  for (const char* name : {"budget.yaml", "demo.yaml", "tekton.yaml", "redis.yaml"}) {
    const std::string whole = shipped(name);
    for (int round = 0; round < 250; ++round) {
      std::string text = whole;
      for (std::uint64_t times = 1 + random() % 4; times > 0; --times) damage(text, random);
      const auto config = parse(text);
      if (config) continue;
      ++refused;
      EXPECT_FALSE(config.error().empty());
      for (const policy::ConfigProblem& problem : config.error()) {
        EXPECT_GT(problem.line, 0) << problem.to_string();
        EXPECT_GT(problem.column, 0) << problem.to_string();
        EXPECT_FALSE(problem.message.empty());
      }
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace budget
