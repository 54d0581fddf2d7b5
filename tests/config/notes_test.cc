#include "proxy/config_notes.h"

#include <gtest/gtest.h>

namespace budget {
namespace {

using Keys = std::vector<std::string>;

Config running() {
  Config config;
  config.listen.emplace_back();
  config.listen.back().tls = TlsServerConfig{.self_signed = true};
  config.admin_keys.push_back({"root", "admin", "secret"});
  return config;
}

TEST(ConfigNotes, NothingNeedsARestartWhenNothingChanged) {
  EXPECT_EQ(need_restart(running(), running()), Keys{});
}

TEST(ConfigNotes, NamesWhatOnlyARestartApplies) {
  const std::pair<void (*)(Config&), const char*> cases[] = {
      {[](Config& c) { c.listen.front().port = 1; }, "listen"},
      {[](Config& c) { c.listen.front().tls->client_ca = "ca.pem"; }, "listen"},
      {[](Config& c) { c.listen.front().tls.reset(); }, "listen"},
      {[](Config& c) { c.listen.emplace_back(); }, "listen"},
      {[](Config& c) { c.workers = 7; }, "workers"},
      {[](Config& c) { c.shutdown_timeout += std::chrono::seconds(1); }, "shutdown_timeout"},
      {[](Config& c) { c.limits.connections = 3; }, "limits.connections"},
      {[](Config& c) { c.store.path = "elsewhere"; }, "store"},
      {[](Config& c) { c.store.journal_sync *= 2; }, "store"},
      {[](Config& c) { c.admin_keys.front().key = "other"; }, "admin.keys"},
      {[](Config& c) { c.telemetry.log.json = false; }, "telemetry.log.format"},
      {[](Config& c) { c.telemetry.log.file = "budget.log"; }, "telemetry.log.file"},
      {[](Config& c) { c.telemetry.otlp.url = "http://o:4318"; }, "telemetry.otlp"},
      {[](Config& c) { c.telemetry.otlp.sample_ppm = 1; }, "telemetry.otlp"},
      {[](Config& c) { c.telemetry.otlp.headers.emplace_back("a", "b"); }, "telemetry.otlp"}};
  for (const auto& [change, key] : cases) {
    Config asked = running();
    change(asked);
    EXPECT_EQ(need_restart(running(), asked), Keys{key});
  }
}

TEST(ConfigNotes, LimitsProvidersAndLogLevelsApplyAtOnce) {
  Config asked = running();
  asked.limits.request_body = 5;
  asked.providers.emplace_back();
  asked.policies.budgets.emplace_back();
  asked.telemetry.log.level = "debug";
  asked.telemetry.log.levels.front() = "error";
  EXPECT_EQ(need_restart(running(), asked), Keys{});
}

}  // namespace
}  // namespace budget
