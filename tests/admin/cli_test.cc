#include <gtest/gtest.h>

#include <algorithm>

#include <boost/json/parse.hpp>
#include <deque>
#include <map>

#include "admin/cli/asking.h"
#include "admin/openapi.h"
#include "admin/routes.h"

namespace budget::cli {
namespace {

// Answers what it is told to, and notes what it is asked.
class ScriptedClient final : public Client {
 public:
  std::expected<Reply, std::string> ask(std::string_view method, std::string_view target,
                                        std::string_view body) override {
    asked.push_back(std::string(method) + " " + std::string(target));
    bodies.emplace_back(body);
    if (replies.empty()) return std::unexpected("nobody is there");
    Reply reply = replies.front();
    replies.pop_front();
    return reply;
  }
  std::deque<Reply> replies;
  std::vector<std::string> asked, bodies;
};

Invocation said(std::map<std::string, std::string, std::less<>> options) {
  return {std::move(options), false, {}};
}

Table sample() {
  Table table({{"NAME", false, true}, {"COST", true}, {"WHY", false, true}});
  table.add(
      {std::string("a-rather-long-name"), std::string("$1.50"), std::string("übermäßig lang")});
  table.add({std::string("b"), Cell("$12.00", Tone::bad), std::string()});
  return table;
}

TEST(CliTable, AlignsAndHasNoTrailingSpaces) {
  EXPECT_EQ(sample().text({}),
            "NAME                  COST  WHY\n"
            "a-rather-long-name   $1.50  übermäßig lang\n"
            "b                   $12.00\n");
}

TEST(CliTable, FitsEveryWidth) {
  for (std::size_t width = 9; width < 60; ++width) {
    std::istringstream lines(sample().text({width, false}));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(width_of(line), width) << line;
    }
  }
  EXPECT_NE(sample().text({30, false}).find("…"), std::string::npos);
}

TEST(CliTable, HasColoursOnlyWhereTheyAreAskedFor) {
  EXPECT_EQ(sample().text({}).find('\x1b'), std::string::npos);
  EXPECT_NE(sample().text({0, true}).find("\x1b[31m$12.00\x1b[0m"), std::string::npos);
}

TEST(CliTable, MakesWhatATerminalWouldObeyHarmless) {
  EXPECT_EQ(harmless("a\x1b[31mb\n\x7f\xc2\x9b|\xc3\xa4"), "a?[31mb???|ä");
  EXPECT_EQ(width_of("ä█…"), 3U);
}

TEST(CliTable, DrawsBarsThatOnlyLookFullWhenTheyAre) {
  const std::pair<double, std::string> cases[] = {{0, "░░░░"},    {0.1, "█░░░"}, {50, "██░░"},
                                                  {99.9, "███░"}, {100, "████"}, {250, "████"}};
  for (const auto& [percent, expected] : cases) EXPECT_EQ(bar(percent, 4), expected) << percent;
}

TEST(Cli, WritesMoneyAndNumbersForPeople) {
  const std::pair<const char*, const char*> cases[] = {
      {"12.500000000", "$12.50"}, {"0.000001234", "$0.000001234"},
      {"-1.000000000", "-$1.00"}, {"5", "$5.00"},
      {"0.3", "$0.30"},           {"", ""}};
  for (const auto& [decimal, expected] : cases) EXPECT_EQ(dollars(decimal), expected);
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
  EXPECT_EQ(grouped(100), "100");
}

TEST(Cli, ReadsTimesAndRefusesTheRest) {
  EXPECT_EQ(time_of("2026-01-31", false).value(), "2026-01-31");
  EXPECT_LT(time_of("24h", false).value(), time_of("1h", false).value());
  EXPECT_LT(time_of("1m", true).value(), time_of("2w", true).value());
  for (const auto* wrong : {"soon", "h", "-1h", "0d", "1y", "1.5h", "99999999w", ""}) {
    ASSERT_FALSE(time_of(wrong, false)) << wrong;
    EXPECT_EQ(time_of(wrong, false).error().exit_code, bad_usage);
  }
}

TEST(Cli, AsksForListsPageByPage) {
  ScriptedClient client;
  std::string first = R"({"total":501,"page":1,"limit":500,"items":[)";
  for (int n = 0; n < 500; ++n) first += n ? ",{}" : "{}";
  client.replies = {{200, first + "]}"}, {200, R"({"total":501,"items":[{}]})"}};
  const auto listed = ask_list(client, "/api/x?a=b", 1000);
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_EQ(listed->items.size(), 501U);
  EXPECT_EQ(client.asked, (std::vector<std::string>{"GET /api/x?a=b&limit=500&page=1",
                                                    "GET /api/x?a=b&limit=500&page=2"}));
}

TEST(Cli, TellsWhatTheServerRefusesAndHowToMendIt) {
  ScriptedClient client;
  client.replies = {{401, R"({"error":{"code":"authentication_error","message":"No key."}})"},
                    {400, R"({"error":{"message":"a is bad.","details":{"problems":[
                        {"field":"a","message":"is bad"},{"field":"b","message":"too"}]}}})"},
                    {502, "<html>"},
                    {200, "[]"}};
  const auto told = [&client](int exit_code, std::string_view part) {
    const auto answer = ask(client, "GET", "/x");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().exit_code, exit_code);
    EXPECT_NE(answer.error().message.find(part), std::string::npos) << answer.error().message;
  };
  told(refused, "BUDGET_API_KEY");
  told(refused, "b too");
  told(refused, "--url");
  EXPECT_FALSE(ask_list(client, "/x", 1));
  told(unreachable, "nobody");
}

TEST(Cli, MakesRequestsOfOptions) {
  EXPECT_EQ(query_of(command_of("usage records"),
                     said({{"tag", "team=a&b"}, {"limit", "5"}, {"context", "c 1"}})),
            "?context_id=c%201&tag=team%3Da%26b");
  const auto body = body_of(command_of("allocate create"),
                            said({{"tokens", "12"}, {"tags", "a=b,c=d=e"}, {"context", "7"}}));
  ASSERT_TRUE(body);
  EXPECT_EQ(json::value(*body),
            json::parse(R"({"context_id":"7","tokens_allocated":12,"tags":{"a":"b","c":"d=e"}})"));
  for (const auto& [option, text] :
       {std::pair{"tokens", "many"}, {"tags", "x"}, {"metadata", "[1]"}, {"priority", "1e3"}}) {
    EXPECT_FALSE(body_of(command_of("allocate create"), said({{option, text}}))) << option;
  }
}

// Each option that goes into the request as it is must be a field there.
TEST(Cli, SaysNoFieldThatTheApiDoesNotKnow) {
  const std::multimap<std::string_view, std::string_view> routes_of = {
      {"set-limit", "POST /api/policies"},
      {"simulate", "POST /api/policies"},
      {"simulate", "POST /api/policies/simulate"},
      {"policies", "GET /api/policies"},
      {"get-usage", "POST /api/usage/summary"},
      {"usage records", "GET /api/usage/records"},
      {"allocate create", "POST /api/allocations"},
      {"allocate list", "GET /api/allocations"},
      {"prices list", "GET /api/prices"},
      {"calc-cost", "POST /api/prices/calculate"},
      {"keys create", "POST /api/keys"},
      {"recommend", "POST /api/prices/recommendations"},
      {"prices update", "POST /api/prices/update"},
      {"alerts list", "GET /api/alerts"},
      {"alerts ack", "POST /api/alerts/{id}/acknowledge"},
      {"prices set", "PUT /api/prices/{provider}/{model}"}};
  std::size_t compared = 0;
  for (const Command& command : commands()) {
    EXPECT_NE(command.examples.find("budget " + std::string(command.path)), std::string::npos);
    for (const Option& option : command.options) {
      if (option.field.empty()) continue;
      bool known = false;
      for (const admin::Route& route : admin::routes()) {
        const std::string name = std::string(route.method) + " " + std::string(route.path);
        const auto [first, last] = routes_of.equal_range(command.path);
        if (std::none_of(first, last, [&name](const auto& each) { return each.second == name; })) {
          continue;
        }
        for (const auto& field : admin::fields_of(route)) {
          known = known || field.schema->said() == option.field.substr(0, option.field.find('.'));
        }
      }
      EXPECT_TRUE(known) << command.path << " --" << option.name;
      ++compared;
    }
  }
  EXPECT_GT(compared, 50U);
}

TEST(Cli, PrintsJsonThatComesBack) {
  const json::value value = json::parse(R"({"a":[1,{"b":null},[],{}],"c\n":"ä\"","d":{"e":0.5}})");
  EXPECT_EQ(json::parse(pretty(value)), value);
}

}  // namespace
}  // namespace budget::cli
