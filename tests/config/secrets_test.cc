// No secret is ever told, wherever someone may have put it.
#include "policy/yaml/reader.h"
#include "tests/config/fixture.h"

namespace budget {
namespace {

constexpr std::string_view secret = "sk-ant-api03-Zq8XhT4mW1pLr6";

// `@` stands for the secret.
constexpr std::string_view places[] = {
    "providers: {x: {format: openai, url: \"https://h\", key: [\"@\"]}}",
    "providers: {x: {format: openai, url: \"https://h\", key: {\"@\": 1}}}",
    "providers: {x: {format: openai, url: \"@\", key: \"https://h\"}}",
    "providers: {x: {format: openai, url: \"https://u:@!h\"}}",
    "providers: {x: {format: \"@\", url: \"https://h\"}}",
    "providers: {x: {format: openai, url: \"https://h\", \"@\": key}}",
    "providers: {x: {format: openai, url: \"https://h\", keys: \"@\"}}",
    "providers: {x: {format: openai, url: \"https://h\", key: \"@\\n\"}}",
    "providers: {x: {format: openai, url: \"https://h\", key: \"@${\"}}",
    "providers: {x: {format: openai, url: \"https://h\", headers: {\"a b\": \"@\"}}}",
    "providers: {x: {format: openai, url: \"https://h\", headers: {authorization: \"@\\n\"}}}",
    "providers: {x: {format: openai, url: \"https://h\", headers: {\"@ x\": v}}}",
    "store: {kind: redis, url: \"redis://:@!h/main\"}",
    "store: {kind: redis, url: \"http://:@!h\"}",
    "store: {kind: redis, url: \"@\"}",
    "store: {kind: redis, sentinel: [\"@\"]}",
    "alerts: {webhooks: [{url: \"@\", secret: [\"@\"]}]}",
    "alerts: {email: {smtp: \"http://u:@!h\", from: \"@\", to: [\"@\"]}}",
    "admin: {keys: [{name: a, role: \"@\", key: {}}]}",
    "hermes: {url: \"@\"}",
    "workers: \"@\"",
    "shutdown_timeout: \"@\"",
    "limits: {request_body: \"@\"}",
    "budgets: [{name: b, timezone: \"@\", policies: [{name: p, cost_limit: \"@\", type: \"@\"}]}]",
    "providers: {x: {format: openai, url: \"https://h\", key: \"@}}",
    "workers: \"${SECRET}\"",
    "listen: [{address: \"${SECRET}\", tls: \"${SECRET}\"}]",
    "store: {kind: \"${SECRET}\", journal_sync: \"${SECRET}\"}",
};

TEST(Secrets, AreInNoProblem) {
  for (const std::string_view place : places) {
    std::string text(place);
    for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@')) {
      text.replace(at, 1, secret);
    }
    for (std::size_t at = text.find('!'); at != std::string::npos; at = text.find('!')) {
      text.replace(at, 1, "@");
    }
    const auto config = parse(text + "\n", {{"SECRET", std::string(secret)}});
    ASSERT_FALSE(config) << place;
    EXPECT_FALSE(words_of(config.error()).contains("Zq8XhT4mW1pLr6")) << place << "\n"
                                                                      << words_of(config.error());
  }
}

TEST(Secrets, AreNotInTheSummary) {
  const Config config = parsed(
      "listen: [{address: 0.0.0.0:1}]\n"
      "store: {kind: redis, url: \"redis://u:Zq8Xsecret@h:6380/0\"}\n"
      "providers:\n"
      "  x: {format: openai, url: \"http://h\", key: Zq8Xsecret, headers: {a: Zq8Xsecret}}\n"
      "  y: {format: bedrock, url: \"https://h\", sigv4: {access_key: Zq8Xsecret, secret_key: "
      "Zq8Xsecret, region: r}}\n"
      "alerts:\n"
      "  webhooks: [{url: \"https://h/Zq8Xsecret\", secret: Zq8Xsecret}]\n"
      "  email: {smtp: \"smtp://u:Zq8Xsecret@h\", from: a@b, to: [c@d]}\n"
      "admin: {keys: [{name: root, role: admin, key: Zq8Xsecret}]}\n");
  const std::string summary = summarize(config);
  EXPECT_FALSE(summary.contains("Zq8Xsecret")) << summary;
  EXPECT_TRUE(summary.contains("redis at h:6380")) << summary;
  EXPECT_TRUE(summary.contains("warning: budget.yaml:4:")) << summary;
}

TEST(Secrets, AreToldFromOrdinaryText) {
  for (const std::string_view text :
       {"claude-3-5-haiku-20241022", "gpt-4o-mini-2024-07-18",
        "us.anthropic.claude-3-haiku-20240307-v1:0", "daily", "America/Argentina/ComodRivadavia"}) {
    EXPECT_EQ(policy::shown(text), "'" + std::string(text) + "'");
  }
  EXPECT_EQ(policy::shown(secret), "a text that is not shown here");
}

}  // namespace
}  // namespace budget
