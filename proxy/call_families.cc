#include "proxy/call_families.h"

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "admin/metrics.h"
#include "policy/decision.h"
#include "proxy/telemetry/call_series.h"
#include "proxy/wire/refusal.h"

namespace budget {
namespace {

using admin::MetricFamily;
using telemetry::CallSeries;
using telemetry::HistogramValues;

std::int64_t value(const std::atomic<std::int64_t>& counter) {
  return counter.load(std::memory_order_relaxed);
}

std::string label(std::string_view name, std::string_view text) {
  return std::string(name) + "=\"" + admin::label_value(text) + "\"";
}

// Microseconds as seconds: "0.00025", "10.24".
std::string seconds_of(std::int64_t us) {
  std::string text = std::to_string(us % 1'000'000);
  text.insert(0, 6 - text.size(), '0');
  text.erase(text.find_last_not_of('0') + 1);
  const std::string whole = std::to_string(us / 1'000'000);
  return text.empty() ? whole : whole + "." + text;
}

void add_histogram(MetricFamily& family, const std::string& labels, const HistogramValues& values) {
  const std::string before = labels.empty() ? "" : labels + ",";
  std::int64_t below = 0;
  for (std::size_t i = 0; i < values.counts.size(); ++i) {
    below += values.counts[i];
    const bool last = i == values.bounds_us.size();
    const std::string bound = last ? "+Inf" : seconds_of(values.bounds_us[i]);
    family.samples.push_back({family.name + "_bucket", before + label("le", bound), below});
  }
  family.samples.push_back({family.name + "_sum", labels, values.sum_us, 6});
  family.samples.push_back({family.name + "_count", labels, below});
}

std::string labels_of(const CallSeries& series) {
  const auto [provider, model, operation] = series.key();
  return label("provider", provider) + "," + label("model", model) + "," +
         label("operation", operation);
}

void add_calls(MetricFamily& family, const CallSeries& series) {
  static constexpr std::array<std::string_view, CallSeries::status_classes> classes{
      "none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  for (std::size_t decision = 0; decision < CallSeries::decisions; ++decision) {
    for (std::size_t status = 0; status < classes.size(); ++status) {
      const std::int64_t count = value(series.calls[decision][status]);
      if (count == 0) continue;
      const auto verdict = policy::name_of(static_cast<policy::Verdict>(decision));
      family.samples.push_back({family.name,
                                labels_of(series) + "," + label("decision", verdict) + "," +
                                    label("status", classes[status]),
                                count});
    }
  }
}

void add_tokens(MetricFamily& family, const CallSeries& series) {
  static constexpr std::array<std::string_view, 4> kinds{"input", "cache_read", "output",
                                                         "reasoning"};
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    const std::int64_t count = value(series.tokens[kind]);
    if (count == 0) continue;
    family.samples.push_back(
        {family.name, labels_of(series) + "," + label("kind", kinds[kind]), count});
  }
}

std::vector<MetricFamily> by_model(const telemetry::CallTable& models) {
  MetricFamily calls{
      "budget_model_calls_total", "Ended and refused calls by what they asked for", "counter", {}};
  MetricFamily tokens{
      "budget_model_tokens_total", "Tokens of ended calls, each in one kind", "counter", {}};
  MetricFamily cost{
      "budget_model_cost_usd_total", "What ended calls cost, in US dollars", "counter", {}};
  MetricFamily duration{"gen_ai_client_operation_duration_seconds",
                        "From a request's first byte to its provider to its answer's last",
                        "histogram",
                        {}};
  MetricFamily first{"gen_ai_client_operation_time_to_first_chunk_seconds",
                     "From a request's first byte to its provider to a stream's first",
                     "histogram",
                     {}};
  models.each([&](const CallSeries& series) {
    add_calls(calls, series);
    add_tokens(tokens, series);
    const std::string labels = labels_of(series);
    if (const std::int64_t nano = value(series.cost_nano); nano != 0) {
      cost.samples.push_back({cost.name, labels, nano, 9});
    }
    const auto add_used = [&labels](MetricFamily& family, const HistogramValues& values) {
      for (const std::int64_t count : values.counts) {
        if (count != 0) return add_histogram(family, labels, values);
      }
    };
    add_used(duration, series.duration.values());
    add_used(first, series.first_chunk.values());
  });
  return {calls, tokens, cost, duration, first};
}

MetricFamily refusals(const pipeline::Metrics& metrics) {
  MetricFamily family{"budget_refusals_total", "Calls that were refused, by code", "counter", {}};
  // Kinds may share a code.
  std::map<std::string_view, std::int64_t> by_code;
  for (std::size_t i = 0; i < metrics.refusals.size(); ++i) {
    const auto kind = static_cast<wire::ProblemKind>(i);
    // Providers' failures are counted elsewhere.
    if (kind == wire::ProblemKind::upstream_unreachable ||
        kind == wire::ProblemKind::upstream_timeout) {
      continue;
    }
    by_code[wire::code_of(kind)] += value(metrics.refusals[i]);
  }
  for (const auto& [code, count] : by_code) {
    family.samples.push_back({family.name, label("code", code), count});
  }
  return family;
}

}  // namespace

std::vector<MetricFamily> call_families(const pipeline::Metrics& metrics) {
  std::vector<MetricFamily> families = by_model(metrics.models);
  families.push_back(refusals(metrics));
  MetricFamily added{
      "budget_added_latency_seconds", "What the proxy adds to a call", "histogram", {}};
  add_histogram(added, label("phase", "before"), metrics.added_before.values());
  add_histogram(added, label("phase", "after"), metrics.added_after.values());
  families.push_back(std::move(added));
  MetricFamily store{"budget_store_latency_seconds", "What the store takes", "histogram", {}};
  add_histogram(store, label("operation", "reserve"), metrics.store_reserve.values());
  add_histogram(store, label("operation", "settle"), metrics.store_settle.values());
  families.push_back(std::move(store));
  MetricFamily errors{
      "budget_store_errors_total", "What the store did not do when asked", "counter", {}};
  errors.samples.push_back(
      {errors.name, label("operation", "reserve"), value(metrics.store_reserve_errors)});
  errors.samples.push_back(
      {errors.name, label("operation", "settle"), value(metrics.settle_failures)});
  families.push_back(std::move(errors));
  return families;
}

MetricFamily trace_family(const telemetry::ExportCounts& counts) {
  MetricFamily family{"budget_trace_spans_total", "Spans by what became of them", "counter", {}};
  const std::pair<std::string_view, std::int64_t> outcomes[] = {{"exported", counts.exported},
                                                                {"dropped", counts.dropped},
                                                                {"rejected", counts.rejected},
                                                                {"failed", counts.failed}};
  for (const auto& [outcome, count] : outcomes) {
    family.samples.push_back({family.name, label("outcome", outcome), count});
  }
  return family;
}

}  // namespace budget
