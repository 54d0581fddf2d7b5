// Reading configuration text with a made-up environment and made-up files.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "proxy/config.h"

namespace budget {

using Words = std::map<std::string, std::string, std::less<>>;

inline constexpr std::string_view pem_certificate =
    "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
inline constexpr std::string_view pem_key =
    "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n";

inline std::expected<Config, policy::ProblemList> parse(std::string_view text,
                                                        const Words& variables = {},
                                                        const Words& files = {}) {
  const auto look_up = [](const Words& words, std::string_view name) {
    const auto found = words.find(name);
    return found == words.end() ? std::optional<std::string>() : found->second;
  };
  return parse_config(
      text, "budget.yaml", [&](std::string_view name) { return look_up(variables, name); },
      [&](const std::string& path) -> std::expected<std::string, std::string> {
        if (auto contents = look_up(files, path)) return *contents;
        return std::unexpected("it is not there, or may not be read");
      });
}

inline std::string words_of(const policy::ProblemList& problems) {
  std::string words;
  for (const policy::ConfigProblem& problem : problems) words += problem.to_string() + "\n";
  return words;
}

// The configuration that `text` has to be.
inline Config parsed(std::string_view text, const Words& variables = {}, const Words& files = {}) {
  auto config = parse(text, variables, files);
  if (!config) {
    ADD_FAILURE() << words_of(config.error());
    return {};
  }
  return *std::move(config);
}

// A configuration with one mistake. `^` in the text stands in front of where it
// has to be reported, and is taken out.
struct Mistake {
  std::string_view name;
  std::string_view text;
  std::string_view words;  // parts of the message, each behind a '|'
};

inline void PrintTo(const Mistake& mistake, std::ostream* out) {
  *out << mistake.name;
}

// Checks that the mistake is the one problem, at its place, with its words.
inline void expect_reported(const Mistake& mistake, std::string_view more = "") {
  std::string text(mistake.text);
  const std::size_t mark = text.find('^');
  ASSERT_NE(mark, std::string::npos) << "no mark";
  text.erase(mark, 1);
  const std::string before = text.substr(0, mark);
  const auto line = static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1;
  const std::size_t start = before.rfind('\n') + 1;  // 0 when there is none
  const auto column = static_cast<int>(mark - start) + 1;
  const auto config = parse(text + std::string(more));
  ASSERT_FALSE(config) << "was accepted";
  ASSERT_EQ(config.error().size(), 1U) << words_of(config.error());
  const policy::ConfigProblem& problem = config.error().front();
  EXPECT_EQ(problem.file, "budget.yaml");
  EXPECT_EQ(problem.line, line) << problem.to_string();
  EXPECT_EQ(problem.column, column) << problem.to_string();
  for (std::string_view rest = mistake.words; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find('|'));
    EXPECT_TRUE(problem.message.contains(part)) << problem.message << "\nlacks: " << part;
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  }
}

class MistakeTest : public testing::TestWithParam<Mistake> {};

}  // namespace budget
