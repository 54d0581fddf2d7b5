#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "admin/metrics.h"
#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

TEST(Health, IsAlways200AndSaysWhatIsWrong) {
  AdminUnderTest admin;
  Told told = admin.ask_with({}, "GET", "/health");
  EXPECT_EQ(told.response.status, 200);
  EXPECT_EQ(text_of(told.body.at("status")), "ok");
  admin.view->config_error = "budget.yaml:3:1: unknown key";
  told = admin.ask_with({}, "GET", "/health");
  EXPECT_EQ(told.response.status, 200);
  EXPECT_EQ(text_of(told.body.at("status")), "degraded");
  EXPECT_EQ(text_of(told.body.at("components").at("config").at("message")),
            "budget.yaml:3:1: unknown key");
  EXPECT_EQ(text_of(told.body.at("components").at("store").at("status")), "ok");
}

TEST(Health, IsNotReadyWhileDraining) {
  AdminUnderTest admin;
  EXPECT_EQ(admin.ask_with({}, "GET", "/ready").response.status, 200);
  admin.view->draining = true;
  const Told told = admin.ask_with({}, "GET", "/ready");
  EXPECT_EQ(told.response.status, 503);
  EXPECT_EQ(text_of(told.body.at("reason")), "draining");
}

TEST(Health, TellsAtTheRootWhereThingsAre) {
  AdminUnderTest admin;
  const Told told = admin.ask_with({}, "GET", "/");
  EXPECT_EQ(told.response.status, 200);
  EXPECT_NE(told.response.body.find("/api"), std::string::npos);
}

// Reads the text format strictly: families in one piece, HELP before TYPE
// before samples, legal names and numbers. Samples by name with labels.
std::map<std::string, std::string> read_exposition(const std::string& text) {
  static const std::regex help("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ([^\\\\\n]|\\\\\\\\|\\\\n)*");
  static const std::regex type("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge)");
  static const std::regex sample(
      "([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{[a-z_]+=\"[^\"\n]*\"(,[a-z_]+=\"[^\"\n]*\")*\\})? "
      "(-?[0-9]+(\\.[0-9]+)?)");
  EXPECT_TRUE(text.ends_with("\n"));
  std::map<std::string, std::string> samples;
  std::set<std::string> families;
  std::string family;
  bool typed = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, help)) {
      family = match[1];
      typed = false;
      EXPECT_TRUE(families.insert(family).second) << line;
    } else if (std::regex_match(line, match, type)) {
      EXPECT_EQ(match[1], family);
      typed = true;
    } else if (std::regex_match(line, match, sample)) {
      EXPECT_TRUE(typed) << line;
      EXPECT_EQ(match[1], family);
      EXPECT_TRUE(samples.emplace(match[1].str() + match[2].str(), match[4]).second) << line;
    } else {
      ADD_FAILURE() << "not of the format: " << line;
    }
  }
  return samples;
}

TEST(Metrics, AreInPrometheusFormat) {
  AdminUnderTest admin;
  admin.families = {{"budget_calls_total",
                     "Calls with a \\ and a\nbreak",
                     "counter",
                     {{"budget_calls_total", "decision=\"allow\"", 7},
                      {"budget_calls_total", "decision=\"deny\"", 0}}},
                    {"budget_holds_open", "Holds", "gauge", {{"budget_holds_open", "", -1}}}};
  const Told told = admin.ask_with({}, "GET", "/metrics");
  EXPECT_EQ(told.response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  auto samples = read_exposition(told.response.body);
  EXPECT_EQ(samples["budget_calls_total{decision=\"allow\"}"], "7");
  EXPECT_EQ(samples["budget_holds_open"], "-1");
  EXPECT_NE(told.response.body.find("Calls with a \\\\ and a\\nbreak\n"), std::string::npos);
}

TEST(Metrics, TellOfTheProcess) {
  auto samples = read_exposition(process_exposition());
  EXPECT_GE(std::stoll(samples["process_open_fds"]), 3);
  EXPECT_GT(std::stoll(samples["process_resident_memory_bytes"]), 1'000'000);
  EXPECT_GT(std::stoll(samples["process_virtual_memory_bytes"]), 1'000'000);
  const double now = static_cast<double>(std::time(nullptr));
  const double start = std::stod(samples["process_start_time_seconds"]);
  EXPECT_LT(start, now + 5);
  EXPECT_GT(start, now - 3600);
  const double before = std::stod(samples["process_cpu_seconds_total"]);
  const std::clock_t until = std::clock() + CLOCKS_PER_SEC / 20;
  while (std::clock() < until) {
  }
  EXPECT_GT(std::stod(read_exposition(process_exposition())["process_cpu_seconds_total"]), before);
}

}  // namespace
}  // namespace budget::admin
