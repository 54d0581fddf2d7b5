// Planted mistakes outside of budgets: each is found, at its place, with a hint.
#include "tests/config/fixture.h"

namespace budget {
namespace {

TEST_P(MistakeTest, IsFoundAtItsPlaceWithAHint) {
  expect_reported(GetParam());
}

constexpr Mistake server_mistakes[] = {
    {"UnknownTopLevelKey", "^lisen: []\n", "unknown key 'lisen'|did you mean 'listen'?"},
    {"UnknownKeyWithoutANearOne", "limits:\n  ^zebra: 1\n",
     "unknown key 'zebra'|known are request_body"},
    {"KeyOfAnotherSection", "limits:\n  ^usage_retention: 1d\n",
     "it belongs to 'store': check the indentation"},
    {"SectionThatIsAList", "limits: ^[1]\n",
     "expected a map with the keys of 'limits', found a list"},
    {"ListThatIsAMap", "listen: ^{address: x}\n", "expected a list, found a map|'- '"},
    {"DurationInWords", "shutdown_timeout: ^soon\n", "a duration such as 30s|found 'soon'"},
    {"DurationWithoutUnit", "shutdown_timeout: ^30\n", "found '30'; write 30s for seconds"},
    {"DurationOutOfRange", "shutdown_timeout: ^2d\n", "a duration from 0s to 1h, found '2d'"},
    {"SizeWithoutSense", "limits:\n  request_body: ^big\n", "a size such as 32MiB|found 'big'"},
    {"SizeOutOfRange", "limits: {request_body: ^1B}\n", "a size from 1KiB to 1GiB"},
    {"NumberInWords", "limits: {connections: ^many}\n",
     "a whole number from 1 to 1000000, found 'many'"},
    {"NumberWithAPoint", "workers: ^1.5\n", "a whole number from 0 to 1024, found '1.5'"},
    {"FlagInYamlOneOneStyle", "identity: {headers: ^yes}\n", "expected true or false, found 'yes'"},
    {"ValueForgotten", "store:\n  ^path:\n", "expected text, found nothing; write a value"},
    {"ChoiceMisspelt", "store:\n  kind: ^reddis\n",
     "one of embedded, redis, found 'reddis'|did you mean 'redis'?"},
    {"VariableUnset", "store:\n  path: ^${DATA}\n",
     "the environment variable DATA is not set|${DATA:-…}"},
    {"VariableUnterminated", "store:\n  path: ^${DATA\n", "'${' without '}'|$${"},
    {"AddressWithoutHost", "listen:\n  - address: ^\"127.0.0.1:http\"\n",
     "expected HOST:PORT|a number from 0 to 65535"},
    {"AddressMissing", "listen:\n  - ^serve: [llm]\n", "'address' is missing|127.0.0.1:8013"},
    {"ServesNothing", "listen:\n  - {address: x:1, serve: ^[]}\n", "serves nothing|llm, admin"},
    {"ServesSomethingElse", "listen:\n  - {address: x:1, serve: [^lmm]}\n",
     "cannot serve 'lmm'|did you mean 'llm'?"},
    {"NoListeners", "listen: ^[]\n", "no listeners|- address: 127.0.0.1:8013"},
    {"TwoOnOneAddress", "listen:\n  - address: 127.0.0.1:1\n  - address: ^127.0.0.1:1\n",
     "the listener on line 2 already takes port 1|another port"},
    {"TwoOnOnePortByWildcard", "listen:\n  - address: 0.0.0.0:1\n  - address: ^127.0.0.1:1\n",
     "already takes port 1"},
    {"TlsMisspelt", "listen:\n  - {address: x:1, tls: ^self-signed}\n",
     "one of off, self_signed|did you mean 'self_signed'?"},
    {"RetentionNotWholeHours", "store: {usage_retention: ^90m}\n", "whole hours or days"},
    {"RedisOfAnotherScheme", "store: {kind: redis, url: ^\"http://h\"}\n",
     "begins with redis://, rediss:// or unix://"},
    {"RedisDatabaseInWords", "store: {kind: redis, url: ^\"redis://h/main\"}\n",
     "the number of the database"},
    {"SentinelWithoutPort", "store: {kind: redis, sentinel: [^h]}\n",
     "expected HOST:PORT, found 'h': the port is missing"},
    {"SentinelAndCluster", "store: {kind: redis, sentinel: [h:1], cluster: ^[h:2]}\n",
     "'sentinel' and 'cluster' are both there; keep one"},
    {"ClusterForEmbedded", "store: {cluster: ^[h:2]}\n", "write kind: redis, or remove it"},
    {"NamespaceWithBraces", "store: {namespace: ^\"{a}\"}\n", "made of letters|write 'a'"},
};

constexpr Mistake provider_mistakes[] = {
    {"ReservedName", "providers:\n  ^metrics: {format: simulated}\n",
     "cannot be called 'metrics'|call it 'metrics-provider'"},
    {"NameWithAt", "providers:\n  ^\"@x\": {format: simulated}\n", "cannot begin with '@'"},
    {"NameWithASlash", "providers:\n  ^\"a/b\": {format: simulated}\n", "write 'a-b'"},
    {"FormatMissing", "providers:\n  ^x: {url: \"https://h\"}\n", "'format' is missing|openai"},
    {"FormatMisspelt", "providers:\n  x: {format: ^antropic, url: \"https://h\"}\n",
     "did you mean 'anthropic'?"},
    {"UrlMissing", "providers:\n  ^x: {format: anthropic}\n",
     "'url' is missing|https://api.anthropic.com"},
    {"UrlWithoutScheme", "providers:\n  x: {format: openai, url: ^api.openai.com}\n",
     "no scheme|https://api.openai.com"},
    {"UrlWithAPassword", "providers:\n  x: {format: openai, url: ^\"https://u:p@h\"}\n",
     "use 'key'"},
    {"UrlWithAQuery", "providers:\n  x: {format: openai, url: ^\"https://h/?a=b\"}\n", "no '?'"},
    {"UrlOfTheSimulated", "providers:\n  x: {format: simulated, url: ^\"https://h\"}\n",
     "remove it"},
    {"DialectThatIsNone", "providers:\n  x: {format: openai, url: \"https://h\", dialect: ^azur}\n",
     "no dialect is called 'azur'|did you mean 'azure'?"},
    {"UnknownProviderKey", "providers:\n  x: {format: simulated, ^tiemout: {}}\n",
     "did you mean 'timeout'?"},
    {"UnknownTimeout", "providers:\n  x: {format: simulated, timeout: {^conect: 5s}}\n",
     "did you mean 'connect'?"},
    {"KeyFileGone", "providers:\n  x: {format: openai, url: \"https://h\", key_file: ^gone}\n",
     "cannot read the file 'gone'|relative to the folder"},
    {"KeyAndKeyFile",
     "providers:\n  x: {format: openai, url: \"https://h\", key: k, key_file: ^gone}\n",
     "'key' and 'key_file' are both there; keep one"},
    {"HeaderWithASpace", "providers:\n  x: {format: simulated, headers: {^\"a b\": c}}\n",
     "not the name of an HTTP header"},
    {"HeaderOfTheProxy", "providers:\n  x: {format: simulated, headers: {^Host: c}}\n",
     "'Host' is the proxy's own"},
    {"Sigv4OnOpenai",
     "providers:\n  x: {format: openai, url: \"https://h\", sigv4: ^{access_key: a, secret_key: b, "
     "region: r}}\n",
     "sigv4 is for the format bedrock"},
    {"Sigv4WithoutRegion",
     "providers:\n  x: {format: bedrock, url: \"https://h\", sigv4: ^{access_key: a, secret_key: "
     "b}}\n",
     "'region' is missing|us-east-1"},
    {"SteeringOnOpenai",
     "providers:\n  x: {format: openai, url: \"https://h\", simulated: ^{status: 200}}\n",
     "simulated is for the format simulated"},
    {"StatusOutOfRange", "providers:\n  x: {format: simulated, simulated: {status: ^42}}\n",
     "a whole number from 200 to 599"},
    {"AuthorityGone", "providers:\n  x: {format: simulated, tls: {ca: ^gone.pem}}\n",
     "cannot read the file 'gone.pem'"},
};

constexpr Mistake service_mistakes[] = {
    {"OverrideWithoutProvider", "prices: {overrides: {^gpt-4o: {input: 1, output: 1}}}\n",
     "expected PROVIDER/MODEL, found 'gpt-4o'|'*/gpt-4o'"},
    {"OverrideWithoutOutput", "prices:\n  overrides:\n    ^\"*/m\": {input: 1}\n",
     "'output' is missing from this price|output: 0"},
    {"RateInWords", "prices: {overrides: {\"*/m\": {input: ^cheap, output: 1}}}\n",
     "US dollars per million tokens such as 2.50|found 'cheap'"},
    {"RateTooFine", "prices: {overrides: {\"*/m\": {input: ^0.0000001, output: 1}}}\n",
     "at most six decimals"},
    {"RateUnknown", "prices: {overrides: {\"*/m\": {^inputs: 1, input: 1, output: 1}}}\n",
     "did you mean 'input'?"},
    {"FactorOfZero", "prices: {adjust: {\"*/m\": ^0}}\n", "price: free at the provider"},
    {"UnknownModelMisspelt", "prices: {unknown_model: ^dney}\n", "did you mean 'deny'?"},
    {"SourceWithoutPlace", "prices: {sources: [^{name: s}]}\n", "either 'url' or 'file'"},
    {"ThresholdsFalling", "alerts: {thresholds: [0.8, ^0.5]}\n", "have to rise"},
    {"ThresholdInPercent", "alerts: {thresholds: [^80]}\n", "80 percent is 0.8"},
    {"WebhookWithoutUrl", "alerts: {webhooks: [^{format: json}]}\n", "'url' is missing"},
    {"MailToNobody", "alerts: {email: {smtp: \"smtp://h\", from: a@b, to: [^c]}}\n",
     "a mail address such as ops@example.com, found 'c'"},
    {"AdminRoleMisspelt", "admin: {keys: [{name: a, role: ^root, key: 0123456789abcdef}]}\n",
     "one of viewer, operator, admin"},
    {"AdminKeyWithoutKey", "admin: {keys: [^{name: a, role: admin}]}\n", "'key' is missing"},
    {"AssistantWithoutProvider",
     "providers: {simulated: {format: simulated}}\nassistant: {provider: ^simulatd, model: m}\n",
     "there is no provider 'simulatd'; did you mean 'simulated'?"},
    {"HermesElsewhere", "hermes: {url: ^localhost}\n", "no scheme|https://example.com"},
    {"LogLevelUnknown", "telemetry: {log: {level: ^verbose}}\n", "one of trace, debug, info"},
};

std::string name_of(const testing::TestParamInfo<Mistake>& info) {
  return std::string(info.param.name);
}

INSTANTIATE_TEST_SUITE_P(Server, MistakeTest, testing::ValuesIn(server_mistakes), name_of);
INSTANTIATE_TEST_SUITE_P(Provider, MistakeTest, testing::ValuesIn(provider_mistakes), name_of);
INSTANTIATE_TEST_SUITE_P(Service, MistakeTest, testing::ValuesIn(service_mistakes), name_of);

TEST(Mistakes, AreAllReportedInTheOrderOfTheFile) {
  const auto config = parse(
      "listen:\n  - {address: x:1, tls: {certificate: gone.crt, key: gone.key}}\n"
      "store: {kind: reddis, pth: data}\n"
      "budgets:\n  - {name: b, timezone: Mars, policies: [{name: p, cost_limit: much}]}\n");
  ASSERT_FALSE(config);
  EXPECT_EQ(words_of(config.error()),
            "budget.yaml:2:39: cannot read the file 'gone.crt': it is not there, or may not be "
            "read; paths are relative to the folder the program is started in\n"
            "budget.yaml:2:54: cannot read the file 'gone.key': it is not there, or may not be "
            "read; paths are relative to the folder the program is started in\n"
            "budget.yaml:3:15: expected one of embedded, redis, found 'reddis'; did you mean "
            "'redis'?\n"
            "budget.yaml:3:23: unknown key 'pth'; did you mean 'path'?\n"
            "budget.yaml:5:25: no such time zone: 'Mars'; write an IANA name such as "
            "Europe/Berlin, or UTC\n"
            "budget.yaml:5:64: expected an amount of US dollars such as 5.00 or 0.25 (at most nine "
            "decimals), found 'much'\n");
}

TEST(Mistakes, OfTheEnvironmentsPortAreReported) {
  const auto config = parse("listen:\n  - address: x:1\n", {{"BUDGET_PORT", "http"}});
  ASSERT_FALSE(config);
  EXPECT_TRUE(words_of(config.error()).contains("BUDGET_PORT has to be a port from 1 to 65535"));
}

TEST(Mistakes, OfTheEnvironmentsAddressesAreReported) {
  for (const char* host : {"http://localhost", "a b", "[]"}) {
    const auto config = parse("listen:\n  - address: x:1\n", {{"BUDGET_HOST", host}});
    ASSERT_FALSE(config) << host;
    EXPECT_TRUE(words_of(config.error()).contains("BUDGET_HOST has to be an address")) << host;
  }
  const auto config = parse("hermes: {url: \"http://h\"}\n", {{"HERMES_URL", "localhost:8001"}});
  ASSERT_FALSE(config);
  EXPECT_TRUE(words_of(config.error()).contains("HERMES_URL has to be an address"));
}

TEST(Mistakes, OfSwappedPemFilesAreReported) {
  const Words files = {{"c", std::string(pem_certificate)}, {"k", std::string(pem_key)}};
  const auto config = parse("listen: [{address: x:1, tls: {certificate: k, key: c}}]\n", {}, files);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().size(), 2U);
  EXPECT_TRUE(words_of(config.error()).contains("the file 'k' holds no PEM CERTIFICATE"));
  EXPECT_TRUE(words_of(config.error()).contains("the file 'c' holds no PEM PRIVATE KEY"));
}

TEST(Mistakes, OfAMissingFileAreReportedWithoutAPlace) {
  const auto config = load_config("/nowhere/budget.yaml");
  ASSERT_FALSE(config);
  EXPECT_EQ(words_of(config.error()),
            "/nowhere/budget.yaml: cannot read the configuration: it is not there, or may not be "
            "read\n");
}

}  // namespace
}  // namespace budget
