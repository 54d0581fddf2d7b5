#include "proxy/pipeline/settler.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "proxy/pipeline/estimate.h"
#include "proxy/pipeline/provisional.h"

namespace budget::pipeline {
namespace {

using pricing::Tokens;

std::int64_t ms_between(net::SteadyTime from, net::SteadyTime to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

std::string_view error_code(Ended how, int status, const Meter* meter) {
  switch (how) {
    case Ended::not_sent:
      return "upstream_unreachable";
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

Tokens counted_input(Call& call) {
  count_input_exactly(call);
  if (call.counted_input >= 0) return Tokens(call.counted_input);
  // The input is not in the request: what was held for it is all we know.
  return call.worst.input;
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
  if (!output_known && call.facts.has_output && ending.meter) {
    Tokens counted = ending.meter->counted_output();
    // What a cut kept back was never relayed and has no room.
    if (ending.how == Ended::cut) counted = std::min(counted, call.held.output);
    const Tokens reported = record.usage.output_total();
    if (counted > reported) record.usage.output += counted - reported;
  }
  const bool reported = input_known && (output_known || !call.facts.has_output);
  record.usage_source = reported ? ledger::UsageSource::reported : ledger::UsageSource::counted;
  record.estimated = !reported;
  if (input_known && call.counted_input >= 0) {
    call.services().calibration.observe(record.provider, call.model, Tokens(call.counted_input),
                                        record.usage.input_total());
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
  fill_usage(call, ending, record);
  fill_units(call, ending, record);
  auto tier = call.worst.tier;
  if (ending.meter && ending.meter->reading().tier) tier = *ending.meter->reading().tier;
  record.cost = pricing::cost_of(record.usage, call.price, tier);
  record.unpriced = call.price.match == pricing::PriceMatch::free && !call.provider->priced.free;
  return record;
}

net::Awaitable<void> settle_call(Call& call, ledger::UsageRecord record) {
  Services& services = call.services();
  if (!call.holding) {
    // Admitted while the store was away: counted afterwards.
    std::vector<policy::CounterRef> lines;
    for (const policy::PlannedLine& line : call.plan.lines) lines.push_back(line.counter);
    auto recorded = co_await services.ledger.record(record, std::move(lines));
    if (!recorded) Metrics::add(services.metrics.settle_failures);
  } else {
    call.holding = false;
    auto settled = co_await services.ledger.settle(record);
    if (!settled) {
      Metrics::add(services.metrics.settle_failures);
    } else if (settled->overrun != ledger::Amount{}) {
      Metrics::add(services.metrics.overruns);
    }
  }
  if (services.on_record) services.on_record(record);
}

}  // namespace budget::pipeline
