#include "policy/yaml/scalars.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "policy/yaml/expand.h"
#include "policy/yaml/nearest.h"
#include "proxy/config_url.h"

namespace budget::policy {
namespace {

using std::chrono::milliseconds;

TEST(Durations, AreReadByUnit) {
  const std::vector<std::pair<std::string_view, std::int64_t>> table = {
      {"0s", 0},        {"500ms", 500},         {"30s", 30'000},      {"5m", 300'000},
      {"5h", 18000000}, {"90d", 7'776'000'000}, {"1h30m", 5'400'000}, {"1m500ms", 60'500},
  };
  for (const auto& [text, expected] : table) {
    ASSERT_TRUE(parse_duration(text)) << text;
    EXPECT_EQ(parse_duration(text)->count(), expected) << text;
  }
}

TEST(Durations, RefuseEverythingElse) {
  for (const std::string_view text : {"", "30", "s", "soon", "1.5s", "-1s", "1 s", "1S", "1w",
                                      "99999999999999999999s", "9223372036854775807d", "1s2"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Durations, AreWrittenAsTheyAreRead) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    const milliseconds duration(static_cast<std::int64_t>(random() % (1ULL << (random() % 45))));
    EXPECT_EQ(parse_duration(duration_text(duration)), duration) << duration_text(duration);
    const std::size_t bytes = random() % (1ULL << (random() % 45));
    EXPECT_EQ(parse_size(size_text(bytes)), bytes) << size_text(bytes);
    const auto ppm = static_cast<std::int64_t>(random() % 100'000'000);
    EXPECT_EQ(parse_ppm(ppm_text(ppm)), ppm) << ppm_text(ppm);
  }
}

TEST(Sizes, AreReadByUnit) {
  EXPECT_EQ(parse_size("32MiB"), std::size_t{32} << 20);
  EXPECT_EQ(parse_size("64KiB"), 65'536U);
  EXPECT_EQ(parse_size("64 KiB"), 65'536U);
  EXPECT_EQ(parse_size("10MB"), 10'000'000U);
  EXPECT_EQ(parse_size("1GiB"), std::size_t{1} << 30);
  EXPECT_EQ(parse_size("7"), 7U);
  EXPECT_EQ(parse_size("7B"), 7U);
  for (const std::string_view text :
       {"", "MiB", "1mib", "-1", "1.5MiB", "9223372036854775807KiB", "1 ", "1TB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Shares, KeepEveryDecimal) {
  EXPECT_EQ(parse_ppm("0.8"), 800'000);
  EXPECT_EQ(parse_ppm("1"), 1'000'000);
  EXPECT_EQ(parse_ppm("0.000001"), 1);
  EXPECT_EQ(parse_ppm("0.9500000"), 950'000);
  for (const std::string_view text : {"", "0.0000001", "80%", ".5", "1.", "1e-1", "nan", "inf"}) {
    EXPECT_FALSE(parse_ppm(text)) << text;
  }
}

TEST(Rates, AreExactInPicoDollars) {
  EXPECT_EQ(parse_rate_per_million("2.50"), 2'500'000);
  EXPECT_EQ(parse_rate_per_million("0.000001"), 1);
  EXPECT_EQ(parse_rate_per_million("0.0000001"), std::nullopt);
  EXPECT_EQ(parse_rate_per_million("-1"), std::nullopt);
  EXPECT_EQ(parse_rate_per_unit("0.04"), 40'000'000'000);
  EXPECT_EQ(parse_rate_per_unit("0.000000001"), 1'000);
  EXPECT_EQ(parse_rate_per_unit("9223372036"), std::nullopt);
}

Expanded expanded(std::string_view text) {
  const auto result = expand_variables(text, [](std::string_view name) {
    if (name == "A") return std::optional<std::string>("x: ${B} \"");
    if (name == "EMPTY") return std::optional<std::string>("");
    return std::optional<std::string>();
  });
  if (!result) return {"error: " + result.error(), {}};
  return *result;
}

TEST(Variables, ArePutInOnceAndNeverReadAgain) {
  EXPECT_EQ(expanded("<${A}>").text, "<x: ${B} \">");
  EXPECT_EQ(expanded("${NO:-default}").text, "default");
  EXPECT_EQ(expanded("${EMPTY:-default}").text, "default");
  EXPECT_EQ(expanded("${EMPTY}").text, "");
  EXPECT_EQ(expanded("${NO:-}").text, "");
  EXPECT_EQ(expanded("$A $$ $${A} 5$").text, "$A $$ ${A} 5$");
  EXPECT_EQ(expanded("${NO}${NOR}").unset, (std::vector<std::string>{"NO", "NOR"}));
  EXPECT_TRUE(expanded("${A").text.starts_with("error: '${' without '}'"));
  EXPECT_TRUE(expanded("${1}").text.starts_with("error: expected the name"));
  EXPECT_TRUE(expanded("${}").text.starts_with("error: expected the name"));
}

TEST(Hints, NameTheNearestWordOnly) {
  const std::vector<std::string> known = {"cost_limit", "token_limit", "per"};
  EXPECT_EQ(nearest("cost_limt", known), "cost_limit");
  EXPECT_EQ(nearest("cost-limit", known), "cost_limit");
  EXPECT_EQ(nearest("Cost_Limit", known), "cost_limit");
  EXPECT_EQ(nearest("ocst_limit", known), "cost_limit");
  EXPECT_EQ(nearest("pre", known), "per");
  EXPECT_EQ(nearest("zebra", known), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'c'), known), std::nullopt);
  EXPECT_EQ(hint_for("zebra", known), "; known are cost_limit, token_limit, per");
}

TEST(Urls, AreTakenApart) {
  const auto url = parse_url("HTTPS://u:p@[::1]:8443/a/b");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->userinfo, "u:p");
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/a/b");
  EXPECT_TRUE(parse_url("http://h?x")->query);
  EXPECT_EQ(parse_url("unix:///run/redis.sock")->path, "/run/redis.sock");
  for (const std::string_view text :
       {"", "x", "://x", "http://", "http://:80", "http://h:0", "http://h:65536", "http://a b/",
        "http://[::1", "http://h:", "unix://host/x", "http://h\xC3\xA4"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

}  // namespace
}  // namespace budget::policy
