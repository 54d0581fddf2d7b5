#include "pricing/model_name.h"

#include <gtest/gtest.h>

namespace budget::pricing {
namespace {

TEST(ModelName, MatchesGlobs) {
  const struct {
    std::string_view pattern;
    std::string_view name;
    bool matches;
  } cases[] = {
      {"*", "", true},
      {"*", "anything/at:all", true},
      {"openai/*", "openai/gpt-4o", true},
      {"openai/*", "azure/gpt-4o", false},
      {"OpenAI/GPT-4o", "openai/gpt-4o", true},
      {"gpt-4*", "gpt-4", true},
      {"gpt-4*mini", "gpt-4o-mini", true},
      {"gpt-4*mini", "gpt-4o-mini-2", false},
      {"*aab*", "aaaab", true},
      {"a*b*c", "axbxbc", true},
      {"", "", true},
      {"", "x", false},
      {"x", "", false},
      {"x**", "x", true},
      {"m-####", "m-2024", true},
      {"m-####", "m-202", false},
      {"m-####", "m-20x4", false},
      {"m-#*", "m-1x", true},
  };
  for (const auto& [pattern, name, matches] : cases) {
    EXPECT_EQ(matches_glob(pattern, name, true), matches) << pattern << " " << name;
  }
  EXPECT_FALSE(matches_glob("m-#", "m-1"));
}

TEST(ModelName, TakesOneMarkOfAVersionAtATime) {
  const struct {
    std::string_view name;
    std::optional<std::string_view> rest;
  } cases[] = {
      {"gpt-4o-2024-08-06", "gpt-4o"},
      {"claude-3-5-haiku-20241022", "claude-3-5-haiku"},
      {"claude-opus-4@20250514", "claude-opus-4"},
      {"claude-3-5-haiku-latest", "claude-3-5-haiku"},
      {"gemini-2.0-flash-001", "gemini-2.0-flash"},
      {"gemini-2.5-pro-preview-05-06", "gemini-2.5-pro-preview"},
      {"gpt-4-0613", "gpt-4"},
      {"x-20241022-v1:0", "x-20241022"},
      {"x:0", "x"},
      {"embed-v4", std::nullopt},
      {"x-20241022-v1", "x-20241022"},
      {"gpt-5", std::nullopt},
      {"claude-opus-4-1", std::nullopt},
      {"-latest", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& [name, rest] : cases) EXPECT_EQ(without_version(name), rest) << name;
}

TEST(ModelName, FindsTheIdInsideAResourceName) {
  EXPECT_EQ(without_resource_path("arn:aws:bedrock:us-east-1:1:inference-profile/us.a.b-v1:0", ""),
            "us.a.b-v1:0");
  EXPECT_EQ(without_resource_path("models/gemini-2.5-pro", "google"), "gemini-2.5-pro");
  EXPECT_EQ(without_resource_path("projects/p/locations/l/publishers/google/models/g", "google"),
            "g");
  EXPECT_EQ(without_resource_path("google/gemini-2.5-pro", "google"), "gemini-2.5-pro");
  EXPECT_EQ(without_resource_path("openai/gpt-oss-120b", "groq"), "openai/gpt-oss-120b");
  EXPECT_EQ(without_resource_path("projects/p", "google"), "projects/p");
}

TEST(ModelName, TakesPiecesOffUntilAnotherProductOrVersion) {
  EXPECT_EQ(without_last_piece("gpt-4o-foo"), "gpt-4o");
  EXPECT_EQ(without_last_piece("llama3.2:latest"), "llama3.2");
  for (const std::string_view name : {"gpt-5.2-pro", "gpt-4o-audio", "claude-opus-4-9", "gpt-9",
                                      "llama-3.1-405b", "llama3.2:3b", "a:b/c", "plain", "-x"}) {
    EXPECT_EQ(without_last_piece(name), std::nullopt) << name;
  }
}

TEST(ModelName, KnowsBedrocksRegions) {
  EXPECT_EQ(without_region("us.anthropic.claude"), "anthropic.claude");
  EXPECT_EQ(without_region("global.amazon.nova"), "amazon.nova");
  EXPECT_EQ(without_region("anthropic.claude"), std::nullopt);
  EXPECT_EQ(without_region("claude"), std::nullopt);
}

}  // namespace
}  // namespace budget::pricing
