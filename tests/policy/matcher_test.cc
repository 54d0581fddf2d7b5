#include "policy/matcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace budget::policy {
namespace {

// The meaning of a pattern, without any cleverness. `?` takes one UTF-8
// character, a stray byte being one.
bool naive_glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    if (naive_glob(pattern.substr(1), text)) return true;
    if (text.empty()) return false;
    return naive_glob(pattern, text.substr(1));
  }
  if (text.empty()) return false;
  if (pattern[0] == '?') {
    std::size_t length = 1;
    while (length < text.size() && (text[length] & '\xC0') == '\x80') ++length;
    return naive_glob(pattern.substr(1), text.substr(length));
  }
  return pattern[0] == text[0] && naive_glob(pattern.substr(1), text.substr(1));
}

TEST(Glob, MatchesTheWholeText) {
  const struct {
    const char* pattern;
    const char* text;
    bool matches;
  } cases[] = {
      {"gpt-4o", "gpt-4o", true},
      {"gpt-4o", "gpt-4o-mini", false},
      {"gpt-4*", "gpt-4o-mini", true},
      {"gpt-4*", "gpt-4", true},
      {"gpt-4*", "ft:gpt-4", false},
      {"*haiku*", "claude-3-5-haiku-latest", true},
      {"*haiku*", "haiku", true},
      {"*haiku*", "claude-opus", false},
      {"*-mini", "gpt-4o-mini", true},
      {"*-mini", "gpt-4o-mini-2024", false},
      {"*", "", true},
      {"*", "anything", true},
      {"**", "anything", true},
      {"", "", true},
      {"", "a", false},
      {"?", "", false},
      {"?", "a", true},
      {"?", "ab", false},
      {"?", "\xC3\xA9", true},
      {"??", "\xC3\xA9", false},
      {"gpt-?o", "gpt-4o", true},
      {"a*b*c", "aXbXbXc", true},
      {"a*b*c", "aXcXb", false},
      {"a*?", "a", false},
      {"*a?", "aaab", true},
      {"GPT-4o", "gpt-4o", false},
      {"claude-*-v?:0", "claude-x-v2:0", true},
      {"a*a*a*b", "aaaaaaaaaaaaaaaa", false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Glob(c.pattern).matches(c.text), c.matches) << c.pattern << " / " << c.text;
    EXPECT_EQ(naive_glob(c.pattern, c.text), c.matches) << c.pattern << " / " << c.text;
  }
}

TEST(Glob, MeansTheSameAsItsDefinitionForRandomPatterns) {
  constexpr std::uint64_t seed = 4711;
  std::mt19937_64 random(seed);
  const auto text = [&random](std::string_view alphabet, std::size_t most) {
    std::string made(random() % (most + 1), ' ');
    for (char& c : made) c = alphabet[random() % alphabet.size()];
    return made;
  };
  int matched = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string pattern = text("ab*?", 7);
    const std::string subject = text("ab\xC3\xA9", 9);
    const bool expected = naive_glob(pattern, subject);
    matched += expected ? 1 : 0;
    ASSERT_EQ(Glob(pattern).matches(subject), expected)
        << "seed " << seed << ": " << pattern << " / " << subject;
  }
  EXPECT_GT(matched, 10'000);
}

TEST(Glob, IgnoresCaseWhereToldTo) {
  EXPECT_TRUE(Glob("*HAIKU*", Glob::Case::ignored).matches(Glob::fold("Claude-Haiku")));
  EXPECT_TRUE(Glob("CodeLlama*", Glob::Case::ignored).matches(Glob::fold("CODELLAMA-7B")));
  EXPECT_FALSE(Glob("*HAIKU*").matches("claude-haiku"));
}

using Tags = std::vector<std::pair<std::string, std::string>>;

TEST(Matcher, MatchesAFieldByAnyPatternAndAPolicyByAllFields) {
  const Tags tags = {{"cost", "1"}, {"team", "research"}};
  const CallLabels call{.provider = "openai",
                        .model = "gpt-4o",
                        .component = "apollo",
                        .tier = "remote_heavyweight",
                        .task_type = "coding",
                        .user = "",
                        .key = "k1",
                        .operation = "chat",
                        .tags = &tags};
  const struct {
    const char* why;
    Match match;
    bool fits;
  } cases[] = {
      {"nothing asked", {}, true},
      {"provider", {.provider = {"openai"}}, true},
      {"another provider", {.provider = {"anthropic"}}, false},
      {"one of two providers", {.provider = {"anthropic", "openai"}}, true},
      {"model by glob", {.model = {"gpt-4*"}}, true},
      {"model in another case", {.model = {"GPT-4*"}}, false},
      {"component", {.component = {"apollo", "codex"}}, true},
      {"tier", {.tier = {"remote_*"}}, true},
      {"task type", {.task_type = {"chat"}}, false},
      {"any user, also none", {.user = {"*"}}, true},
      {"some user", {.user = {"?*"}}, false},
      {"the empty user", {.user = {""}}, true},
      {"key", {.key = {"k1"}}, true},
      {"operation", {.operation = {"embeddings"}}, false},
      {"tag", {.tags = {{"team", {"research"}}}}, true},
      {"tag of another value", {.tags = {{"team", {"sales"}}}}, false},
      {"tag by glob", {.tags = {{"team", {"re*"}}}}, true},
      {"tag that is not there", {.tags = {{"project", {"*"}}}}, false},
      {"tag that only has to be there", {.tags = {{"team", {}}}}, true},
      {"all tags", {.tags = {{"team", {"research"}}, {"cost", {"1"}}}}, true},
      {"one tag wrong", {.tags = {{"team", {"research"}}, {"cost", {"2"}}}}, false},
      {"all fields", {.provider = {"openai"}, .model = {"gpt-*"}, .component = {"apollo"}}, true},
      {"one field wrong", {.provider = {"openai"}, .component = {"codex"}}, false},
  };
  for (const auto& c : cases) {
    Matcher matcher;
    matcher.add(7, c.match);
    EXPECT_EQ(matcher.find(call),
              c.fits ? std::vector<std::uint32_t>{7} : std::vector<std::uint32_t>{})
        << c.why;
  }
}

TEST(Matcher, FitsNoTagOfACallWithoutTags) {
  Matcher matcher;
  matcher.add(1, {.tags = {{"team", {"*"}}}});
  matcher.add(2, {.tags = {{"team", {"research"}}}});
  matcher.add(3, {});
  EXPECT_EQ(matcher.find({}), std::vector<std::uint32_t>{3});
}

bool naive_any(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& p) { return naive_glob(p, text); });
}

bool naive_fits(const Match& match, const CallLabels& call) {
  const std::pair<const std::vector<std::string>*, std::string_view> fields[] = {
      {&match.provider, call.provider},
      {&match.model, call.model},
      {&match.component, call.component},
      {&match.tier, call.tier},
      {&match.task_type, call.task_type},
      {&match.user, call.user},
      {&match.key, call.key},
      {&match.operation, call.operation}};
  for (const auto& [patterns, value] : fields) {
    if (!patterns->empty() && !naive_any(*patterns, value)) return false;
  }
  for (const auto& [name, patterns] : match.tags) {
    bool fits = false;
    for (const auto& [tag, value] : *call.tags) {
      if (tag == name) fits = patterns.empty() || naive_any(patterns, value);
    }
    if (!fits) return false;
  }
  return true;
}

TEST(Matcher, FindsWhatASearchOfEveryPolicyFinds) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const std::vector<std::string> values = {"", "a", "b", "ab", "ba", "abc"};
    const std::vector<std::string> patterns = {"a", "b", "ab", "abc", "a*", "*b", "*", "?", ""};
    const auto pick = [&random](const auto& from) { return from[random() % from.size()]; };
    const auto some = [&](std::vector<std::string>& field) {
      if (random() % 4 != 0) return;
      for (std::uint64_t i = 0; i <= random() % 3; ++i) field.push_back(pick(patterns));
    };
    std::vector<Match> matches(random() % 120);
    Matcher matcher;
    for (std::size_t i = 0; i < matches.size(); ++i) {
      Match& m = matches[i];
      for (auto* field : {&m.provider, &m.model, &m.component, &m.tier, &m.task_type, &m.user,
                          &m.key, &m.operation}) {
        some(*field);
      }
      for (const char* name : {"t", "u"}) {
        if (random() % 5 != 0) continue;
        m.tags.emplace_back(name, std::vector<std::string>{});
        some(m.tags.back().second);
      }
      matcher.add(static_cast<std::uint32_t>(i * 3), m);
    }
    for (int call_number = 0; call_number < 300; ++call_number) {
      std::array<std::string, 8> label;
      for (std::string& l : label) l = pick(values);
      Tags tags;
      for (const char* name : {"t", "u", "v"}) {
        if (random() % 2 == 0) tags.emplace_back(name, pick(values));
      }
      const CallLabels call{label[0], label[1], label[2], label[3], label[4],
                            label[5], label[6], label[7], &tags};
      std::vector<std::uint32_t> expected;
      for (std::size_t i = 0; i < matches.size(); ++i) {
        if (naive_fits(matches[i], call)) expected.push_back(static_cast<std::uint32_t>(i * 3));
      }
      ASSERT_EQ(matcher.find(call), expected);
    }
  }
}

}  // namespace
}  // namespace budget::policy
