#include "proxy/pipeline/settler.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "proxy/pipeline/call_series.h"
#include "proxy/pipeline/estimate.h"
#include "proxy/pipeline/provisional.h"

namespace budget::pipeline {
namespace {

using pricing::Tokens;
using telemetry::TokenKind;

std::int64_t ms_between(net::SteadyTime from, net::SteadyTime to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

std::string_view error_code(Ended how, int status, const Meter* meter) {
  switch (how) {
    case Ended::not_sent:
      return status == 504 ? "upstream_timeout" : "upstream_unreachable";
    case Ended::no_answer:
      return status == 504 ? "upstream_timeout" : "upstream_broken";
    case Ended::broken:
      return "upstream_broken";
    case Ended::client_gone:
      return "client_gone";
    case Ended::cut:
      return "stream_cut";
    case Ended::complete:
      break;
  }
  if (status >= 400) return "upstream_error";
  if (meter && !meter->reading().error.empty()) return "error_in_stream";
  return "";
}

// Providers do not charge for what they refuse or fail to serve.
bool charged_nothing(const Ending& ending) {
  return ending.how == Ended::not_sent || (ending.meter && ending.status >= 400);
}

// Whether the provider goes on with it, so that nobody knows yet what it costs.
bool goes_on(const Call& call, const Ending& ending) {
  return call.facts.detached && !(ending.meter && ending.meter->reading().finished);
}

// Whether the provider's figure is more than an eighth away from our count, and
// not by a few tokens of its own framing.
bool drifted(Tokens counted, Tokens told) {
  const Tokens apart = std::max(counted, told) - std::min(counted, told);
  return apart.value() > 16 && apart.value() > counted.value() / 8;
}

// Our own counts never charge more than the call could have cost: the bounds
// are true, a count may be off by the seams between events, or by another
// vendor's tokenizer.
Tokens counted_input(Call& call) {
  const Tokens bound = call.worst.input;
  count_input_exactly(call);
  // Where the input is not in the request, the bound is all we know.
  return call.counted_input >= 0 ? std::min(Tokens(call.counted_input), bound) : bound;
}

Tokens counted_output(const Call& call, const Ending& ending) {
  // What a cut kept back was never relayed and has no room.
  const Tokens bound = ending.how == Ended::cut ? call.held.output : call.worst.output_ceiling;
  return std::min(ending.meter->counted_output(), bound);
}

// Whether the answer passed without our understanding what was said in it.
bool not_understood(const Call& call, const Ending& ending) {
  if (!ending.meter || ending.how == Ended::cut) return false;
  if (ending.meter->unreadable()) return true;
  const wire::Reading& reading = ending.meter->reading();
  // An answer that is not a stream was thought to its end before it began to
  // arrive; what came of it cannot be read without the rest.
  if (ending.how != Ended::complete && call.facts.stream) return false;
  return !reading.finished && reading.error.empty() && ending.meter->counted_output() == Tokens(0);
}

void fill_usage(Call& call, const Ending& ending, ledger::UsageRecord& record) {
  const wire::Reading* reading = ending.meter ? &ending.meter->reading() : nullptr;
  if (reading) record.usage = reading->usage;
  const bool input_known = reading && reading->input_reported;
  // A usage figure that came before the end of what was said is not the whole
  // of it: a cut or abandoned stream is counted by what passed.
  const bool ended_early = ending.how != Ended::complete;
  const bool output_known = reading && reading->output_reported && !ended_early;
  if (!input_known) record.usage.input = counted_input(call);
  const bool blind = !output_known && call.facts.has_output && not_understood(call, ending);
  if (!output_known && call.facts.has_output && ending.meter) {
    const Tokens counted = blind ? call.worst.output_ceiling : counted_output(call, ending);
    const Tokens reported = record.usage.output_total();
    if (counted > reported) record.usage.output += counted - reported;
  }
  const bool reported = input_known && (output_known || !call.facts.has_output);
  record.usage_source = reported ? ledger::UsageSource::reported
                        : blind  ? ledger::UsageSource::reserved
                                 : ledger::UsageSource::counted;
  record.estimated = !reported;
  if (input_known) sample_input_count(call);
  if (input_known && call.counted_input >= 0) {
    const Tokens counted(call.counted_input);
    const Tokens told = record.usage.input_total();
    call.services().calibration.observe(record.provider, call.model, counted, told);
    Metrics::add(call.services().metrics.counts_compared);
    if (drifted(counted, told)) {
      Metrics::add(call.services().metrics.counts_drifted);
      call.services().watcher.drifted(record.provider, call.model, counted.value(), told.value());
    }
  }
}

// A body without tokens in it (speech, pictures, duration) is billed by what
// was asked for when the answer does not say.
void fill_units(const Call& call, const Ending& ending, ledger::UsageRecord& record) {
  if (ending.meter && ending.meter->reading().output_reported) return;
  if (record.usage.images == 0) record.usage.images = call.worst.images;
  if (record.usage.characters == 0) record.usage.characters = call.worst.characters;
  if (record.usage.audio_milliseconds == 0) {
    record.usage.audio_milliseconds = call.worst.audio_milliseconds;
  }
  if (record.usage.search_units == 0) record.usage.search_units = call.worst.search_units;
}

void count_spend(Call& call, const ledger::UsageRecord& record) {
  Metrics& metrics = call.services().metrics;
  const pricing::Usage& usage = record.usage;
  const std::int64_t cost = record.cost.total.value();
  const std::int64_t input = (usage.input_total() - usage.cache_read).value();
  const std::int64_t cached = usage.cache_read.value();
  const std::int64_t output = (usage.output_total() - usage.reasoning).value();
  const std::int64_t reasoning = usage.reasoning.value();
  Metrics::add(metrics.cost_nano, cost);
  Metrics::add(metrics.tokens_input, input);
  Metrics::add(metrics.tokens_cached, cached);
  Metrics::add(metrics.tokens_output, output);
  Metrics::add(metrics.tokens_reasoning, reasoning);
  if (call.route.billing != wire::Billing::metered) return;
  telemetry::CallSeries& series = series_of(call);
  series.count(static_cast<std::size_t>(record.decision), record.status);
  Metrics::add(series.cost_nano, cost);
  Metrics::add(series.tokens[static_cast<std::size_t>(TokenKind::input)], input);
  Metrics::add(series.tokens[static_cast<std::size_t>(TokenKind::cache_read)], cached);
  Metrics::add(series.tokens[static_cast<std::size_t>(TokenKind::output)], output);
  Metrics::add(series.tokens[static_cast<std::size_t>(TokenKind::reasoning)], reasoning);
}

// What a record tells of its provider. A client that hung up tells nothing.
void count_traffic(admin::ProviderTraffic& traffic, const ledger::UsageRecord& record) {
  const std::int64_t ended = record.ended_at.time_since_epoch().count();
  const bool unreached =
      record.error == "upstream_unreachable" || record.error == "upstream_timeout";
  Metrics::add(traffic.calls);
  if (unreached || record.error == "upstream_broken" || record.error == "error_in_stream" ||
      record.status >= 500) {
    Metrics::add(traffic.errors);
  }
  if (unreached) traffic.last_failure.store(ended, std::memory_order_relaxed);
  if (unreached || record.status == 0) return;
  traffic.last_answer.store(ended, std::memory_order_relaxed);
  Metrics::add(traffic.answers);
  Metrics::add(traffic.latency, record.latency_ms);
  Metrics::add(traffic.first_byte, record.time_to_first_byte_ms);
}

std::vector<policy::CounterRef> counters_of(const policy::Plan& plan) {
  std::vector<policy::CounterRef> counters;
  for (const policy::PlannedLine& line : plan.lines) counters.push_back(line.counter);
  return counters;
}

void note_failure(const Call& call, ledger::LedgerError error) {
  Services& services = call.services();
  Metrics::add(services.metrics.settle_failures);
  services.log.warn(LogModule::store, "settle_failed",
                    {{"request_id", call.request_id}, {"why", ledger::name_of(error)}});
  services.watcher.store_failed(error);
}

}  // namespace

ledger::UsageRecord final_record(Call& call, const Ending& ending) {
  ledger::UsageRecord record = blank_record(call);
  const net::SteadyTime now = std::chrono::steady_clock::now();
  record.ended_at = call.services().clock.now();
  record.status = ending.status;
  record.latency_ms = ms_between(call.started_at, now);
  if (ending.first_byte != net::SteadyTime{}) {
    record.time_to_first_byte_ms = ms_between(call.started_at, ending.first_byte);
  }
  record.upstream_request_id = ending.upstream_request_id;
  record.error = error_code(ending.how, ending.status, ending.meter);
  if (ending.meter && !ending.meter->reading().model.empty()) {
    record.model = ending.meter->reading().model;
  }
  if (call.route.billing == wire::Billing::unmetered) {
    // Passed because its provider says so: what it cost, nobody here knows.
    record.unpriced = true;
    record.estimated = true;
    return record;
  }
  if (charged_nothing(ending)) {
    record.usage_source = ledger::UsageSource::reported;
    return record;
  }
  if (goes_on(call, ending)) {
    // To be corrected by who learns the figure: POST /api/usage/record.
    const ledger::UsageRecord held = provisional_record(call, call.worst.output_ceiling);
    record.usage = held.usage;
    record.cost = held.cost;
    record.usage_source = held.usage_source;
    record.estimated = true;
    fill_units(call, ending, record);
    return record;
  }
  fill_usage(call, ending, record);
  fill_units(call, ending, record);
  auto tier = call.worst.tier;
  if (ending.meter && ending.meter->reading().tier) tier = *ending.meter->reading().tier;
  record.cost = pricing::cost_of(record.usage, call.price, tier);
  record.unpriced = call.price.match == pricing::PriceMatch::free && !call.provider->priced.free;
  return record;
}

net::Awaitable<void> settle_call(Call& call, const ledger::UsageRecord& record) {
  Services& services = call.services();
  ledger::SettleOutcome outcome;
  const net::SteadyTime asked = std::chrono::steady_clock::now();
  if (!call.holding) {
    // Admitted while the store was away: counted afterwards.
    auto recorded = co_await services.ledger.record(record, counters_of(call.plan));
    if (!recorded) note_failure(call, recorded.error());
  } else {
    call.holding = false;
    auto settled = co_await services.ledger.settle(record);
    if (!settled && settled.error() == ledger::LedgerError::already_resolved) {
      // The lease ran out under a call that went on: what was charged for it
      // then was a guess, and this is no longer one.
      auto corrected = co_await services.ledger.record(record, counters_of(call.plan));
      if (!corrected) note_failure(call, corrected.error());
    } else if (!settled) {
      note_failure(call, settled.error());
    } else {
      outcome = std::move(*settled);
      if (outcome.overrun != ledger::Amount{}) Metrics::add(services.metrics.overruns);
      // What an answer says is left is what is left after it; none are told
      // where the store takes the settlement later.
      if (outcome.states.size() == call.plan.lines.size()) {
        call.decision.tightest = policy::decide_admitted(call.plan, outcome.states, {}).tightest;
      }
    }
  }
  services.metrics.store_settle.observe(std::chrono::steady_clock::now() - asked);
  count_spend(call, record);
  if (call.trace) call.trace->note(record);
  count_traffic(*call.snapshot().providers[call.provider_index].traffic, record);
  services.watcher.settled({record, call.plan, outcome.states, outcome.overrun});
  if (services.on_record) services.on_record(record);
}

}  // namespace budget::pipeline
