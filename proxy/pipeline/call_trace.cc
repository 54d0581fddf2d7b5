#include "proxy/pipeline/call_trace.h"

#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

#include "proxy/pipeline/call.h"
#include "proxy/pipeline/request_id.h"
#include "proxy/telemetry/semantic_names.h"

namespace budget::pipeline {
namespace {

using telemetry::Attribute;
using telemetry::Span;
using telemetry::TraceContext;

// What the specification has a vendor keep of a tracestate, at least.
constexpr std::size_t trace_state_max = 512;

// Names are short; whoever sends a longer one has put something else into it.
constexpr std::size_t text_max = 256;

template <class Id>
Id random_id() {
  Id id{};
  for (std::size_t at = 0; at < id.size(); at += sizeof(std::uint64_t)) {
    // Never all zero, which is no id.
    const std::uint64_t bits = random_bits() | 1;
    std::memcpy(id.data() + at, &bits, sizeof bits);
  }
  return id;
}

// nullopt also where there are two: nobody can say which is meant.
std::optional<TraceContext> parent_in(const net::Head& head) {
  std::optional<std::string_view> found;
  for (const net::Field& field : head.fields) {
    if (!net::equal_ignoring_case(field.name, "traceparent")) continue;
    if (found) return std::nullopt;
    found = field.value;
  }
  return found ? telemetry::parse_traceparent(*found) : std::nullopt;
}

std::int64_t now_ns() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

void add_text(Span& span, std::string_view name, std::string_view text) {
  if (!text.empty()) span.attributes.push_back({name, std::string(text.substr(0, text_max))});
}

// The policy that decided: what refused the call, else what has the least left.
std::string deciding_policy(const policy::Decision& decision) {
  if (decision.denial) return decision.denial->budget + "/" + decision.denial->policy;
  return decision.tightest ? decision.tightest->policy_id : std::string();
}

void add_usage(Span& span, const pricing::Usage& usage) {
  const std::pair<std::string_view, pricing::Tokens> figures[] = {
      {"gen_ai.usage.input_tokens", usage.input_total()},
      {"gen_ai.usage.output_tokens", usage.output_total()},
      {"gen_ai.usage.cache_read.input_tokens", usage.cache_read},
      {"gen_ai.usage.cache_creation.input_tokens", usage.cache_write_5m + usage.cache_write_1h},
      {"gen_ai.usage.reasoning.output_tokens", usage.reasoning}};
  for (std::size_t i = 0; i < std::size(figures); ++i) {
    const auto& [name, tokens] = figures[i];
    // The totals are always told, parts of them where there are any.
    if (i < 2 || tokens.value() > 0) span.attributes.push_back({name, tokens.value()});
  }
}

Span span_of(const Call& call, const CallTrace& trace) {
  Span span{.context = trace.context, .parent = trace.parent, .trace_state = trace.trace_state};
  const std::string_view operation =
      telemetry::gen_ai_operation(wire::name_of(call.route.operation));
  // What the caller asked for, also where it was downgraded.
  const std::string& model = call.facts.model;
  span.name = operation;
  if (!model.empty()) span.name += " " + model.substr(0, text_max);
  add_text(span, "gen_ai.operation.name", operation);
  if (call.provider) {
    add_text(span, "gen_ai.provider.name",
             telemetry::gen_ai_provider(call.provider->priced.catalog));
    add_text(span, "server.address", call.provider->config.host);
    if (!call.provider->config.simulated) {
      span.attributes.push_back({"server.port", std::int64_t{call.provider->config.port}});
    }
    add_text(span, "budget.provider", call.provider->config.name);
  }
  add_text(span, "gen_ai.request.model", model);
  if (call.facts.max_output) {
    span.attributes.push_back({"gen_ai.request.max_tokens", *call.facts.max_output});
  }
  add_text(span, "gen_ai.response.model", trace.response_model);
  if (trace.usage) add_usage(span, *trace.usage);
  if (trace.status != 0) {
    span.attributes.push_back({"http.response.status_code", std::int64_t{trace.status}});
  }
  add_text(span, "budget.request_id", call.request_id);
  add_text(span, "budget.component", call.caller.component);
  if (call.route.billing == wire::Billing::metered) {
    add_text(span, "budget.decision", policy::name_of(call.decision.verdict));
    add_text(span, "budget.policy", deciding_policy(call.decision));
  }
  if (trace.usage) {
    span.attributes.push_back({"budget.cost_nano_usd", trace.cost_nano});
    span.attributes.push_back({"budget.estimated", trace.estimated});
  }
  span.error = trace.error;
  if (span.error.empty() && trace.status >= 400) span.error = "upstream_error";
  add_text(span, "error.type", span.error);
  return span;
}

}  // namespace

void CallTrace::note(const ledger::UsageRecord& record) {
  if (!recorded) return;
  status = record.status;
  error = record.error;
  // A record without an answer has the model that was asked for.
  if (record.status >= 200 && record.status < 300) response_model = record.model;
  usage = record.usage;
  cost_nano = record.cost.total.value();
  estimated = record.estimated;
}

CallTrace begin_trace(const net::Head& head, std::int64_t sample_ppm) {
  CallTrace trace;
  trace.context.span_id = random_id<telemetry::SpanId>();
  if (const auto parent = parent_in(head)) {
    trace.context.trace_id = parent->trace_id;
    trace.context.flags = parent->flags;
    trace.parent = parent->span_id;
    trace.recorded = parent->sampled();
    const std::string_view state = head.field("tracestate");
    if (trace.recorded && state.size() <= trace_state_max) trace.trace_state = state;
  } else {
    trace.context.trace_id = random_id<telemetry::TraceId>();
    trace.recorded = telemetry::sampled_by_id(trace.context.trace_id, sample_ppm);
    if (trace.recorded) trace.context.flags = TraceContext::sampled_flag;
  }
  if (trace.recorded) trace.started_ns = now_ns();
  return trace;
}

void end_trace(const Call& call) {
  const CallTrace& trace = *call.trace;
  if (!trace.recorded) return;
  Span span = span_of(call, trace);
  span.started_ns = trace.started_ns;
  // By the clock that nobody sets, so that it never ends before it began.
  const auto took = std::chrono::steady_clock::now() - call.started_at;
  span.ended_ns =
      span.started_ns + std::chrono::duration_cast<std::chrono::nanoseconds>(took).count();
  call.services().tracer->exporter.add(std::move(span));
}

}  // namespace budget::pipeline
