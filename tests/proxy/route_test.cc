#include "proxy/pipeline/route.h"

#include <gtest/gtest.h>

#include <array>

namespace budget::pipeline {
namespace {

TEST(Route, TakesAPathApart) {
  struct Case {
    std::string_view path, labels, provider, rest;
  };
  for (const Case& c : std::array{
           Case{"/openai/v1/chat", "", "openai", "/v1/chat"},
           Case{"/@apollo/openai/v1/chat", "apollo", "openai", "/v1/chat"},
           Case{"/@apollo;task_type=coding/openai/v1", "apollo;task_type=coding", "openai", "/v1"},
           Case{"/@/openai/v1", "", "openai", "/v1"}, Case{"/openai", "", "openai", "/"},
           Case{"/openai/", "", "openai", "/"}, Case{"/", "", "", "/"},
           Case{"/@apollo", "apollo", "", "/"}, Case{"/openai/@x/v1", "", "openai", "/@x/v1"}}) {
    const PathParts parts = split_path(c.path);
    EXPECT_EQ(parts.labels, c.labels) << c.path;
    EXPECT_EQ(parts.provider, c.provider) << c.path;
    EXPECT_EQ(parts.rest, c.rest) << c.path;
  }
}

TEST(Route, KnowsPathsThatCanBeReadInTwoWays) {
  for (const std::string_view path :
       {"/a/../b", "/a/./b", "/a/..",  "/a/.",   "/a/%2e%2e/b", "/a/.%2E", "/a/%2e",
        "//a",     "/a//b",  "/a%2fb", "/a%2Fb", "/a\\b",       "/a%5cb",  "/a%5Cb",
        "/a%",     "/a%4",   "/a%zz",  "/a%00",  "/a%1f",       "/a%7f",   "/a%0d%0a"}) {
    EXPECT_TRUE(ambiguous_path(path, false)) << path;
  }
  for (const std::string_view path : {"/", "/a", "/a/", "/a/b", "/a/...", "/a/..b", "/a/.b",
                                      "/a%20b", "/a%3Ab", "/a:b", "/@x;y=z/a", "/a%252fb"}) {
    EXPECT_FALSE(ambiguous_path(path, false)) << path;
  }
}

TEST(Route, AllowsEncodedSlashesWhereAModelIdHasThem) {
  EXPECT_FALSE(ambiguous_path("/bedrock/model/arn%3Aaws%2Fx/converse", true));
  EXPECT_TRUE(ambiguous_path("/bedrock/model/%2e%2e/converse", true));
  EXPECT_TRUE(ambiguous_path("/bedrock/model/a%5cb/converse", true));
}

}  // namespace
}  // namespace budget::pipeline
