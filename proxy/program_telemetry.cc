// What the program tells of itself: its log and its traces.
#include <string_view>
#include <utility>

#include "proxy/pipeline/request_id.h"
#include "proxy/program.h"
#include "proxy/version.h"

namespace budget {

void Program::open_tracer(const OtlpConfig& config) {
  if (config.url.empty()) return;
  // Each start is an instance of its own, wherever it runs.
  telemetry::ExporterOptions options{
      .http = *http_,
      .url = config.url,
      .headers = config.headers,
      .resource = {version, pipeline::make_request_id(clock_.now()).substr(4)}};
  options.on_news = [this](std::string_view what) {
    log_.warn(LogModule::traces, "traces", {{"what", what}});
  };
  exporter_ = std::make_unique<telemetry::Exporter>(std::move(options));
  tracer_.emplace(pipeline::Tracer{*exporter_, config.sample_ppm});
}

void Program::reopen_log() {
  if (!log_file_) return;
  if (auto opened = log_file_->reopen(); !opened) {
    log_.error(LogModule::server, "log_not_reopened", {{"why", opened.error()}});
    return;
  }
  log_.info(LogModule::server, "log_reopened", {});
}

void Program::log_refusal(const admin::RefusedCall& refusal) const {
  log_.warn(LogModule::calls, "refused",
            {{"request_id", refusal.request_id},
             {"component", refusal.component},
             {"provider", refusal.provider},
             {"model", refusal.model},
             {"code", refusal.code},
             {"why", refusal.message}});
}

void Program::log_call(const ledger::UsageRecord& record) const {
  if (!log_.enabled(LogModule::calls, Log::Level::info)) return;
  log_.info(LogModule::calls, "call",
            {{"request_id", record.request_id},
             {"component", record.caller.component},
             {"provider", record.provider},
             {"model", record.model},
             {"operation", record.operation},
             {"status", static_cast<std::int64_t>(record.status)},
             {"decision", policy::name_of(record.decision)},
             {"input_tokens", record.usage.input_total().value()},
             {"output_tokens", record.usage.output_total().value()},
             {"cost_nano_usd", record.cost.total.value()},
             {"estimated", record.estimated},
             {"latency_ms", record.latency_ms},
             {"error", record.error}});
}

}  // namespace budget
