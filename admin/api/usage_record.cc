// Calls made elsewhere, and corrections of records that are estimates.
#include <algorithm>
#include <optional>

#include "admin/api/handlers.h"
#include "admin/caller_input.h"
#include "admin/find.h"
#include "admin/record_json.h"
#include "admin/usage_input.h"
#include "pricing/cost.h"

namespace budget::admin {
namespace {

// An id is a hold's id too: that is its bound.
constexpr std::size_t request_id_bytes_max = 64;
constexpr std::int64_t duration_ms_max = 86'400'000;
// How far another machine's clock may be ahead of this one's.
constexpr std::chrono::minutes clock_skew_max{5};
// Between the two steps of a call that draws on an allocation.
constexpr std::chrono::minutes settle_time{1};

struct Stated {
  std::optional<pricing::Usage> usage;
  std::optional<pricing::Money> input_cost, output_cost, total_cost;

  [[nodiscard]] bool cost() const { return input_cost || output_cost || total_cost; }
};

Stated read_stated(Input& input) {
  Stated stated;
  stated.usage = read_usage(input);
  stated.input_cost = input.usd("input_cost");
  stated.output_cost = input.usd("output_cost");
  stated.total_cost = input.usd("total_cost");
  return stated;
}

// The fields of `record` but for usage and cost; over the first record's in a
// correction, which keeps its time and, with it, its period.
void read_fields(Input& input, bool correction, policy::Time now, ledger::UsageRecord& record) {
  read_caller(input, record.caller);
  const std::string allocation = input.text("allocation_id");
  if (correction && !allocation.empty() && allocation != record.caller.allocation_id) {
    input.complain("allocation_id", "of a record that is corrected cannot change");
  }
  record.caller.allocation_id = correction ? record.caller.allocation_id : allocation;
  const auto over = [&input](std::string_view name, std::string& value) {
    std::string said = input.text(name);
    if (!said.empty()) value = std::move(said);
  };
  over("provider", record.provider);
  over("model", record.model);
  over("requested_model", record.requested_model);
  over("operation", record.operation);
  over("upstream_request_id", record.upstream_request_id);
  over("error", record.error);
  const auto timestamp = input.time("timestamp");
  if (timestamp && !correction) record.timestamp = *timestamp;
  if (timestamp && *timestamp > now + clock_skew_max) {
    input.complain("timestamp", "is in the future");
  }
  if (correction && timestamp && *timestamp != record.timestamp) {
    input.complain("timestamp", "of a record that is corrected cannot change");
  }
  record.ended_at =
      input.time("ended_at").value_or(correction ? record.ended_at : record.timestamp);
  if (record.ended_at < record.timestamp) input.complain("ended_at", "is before timestamp");
  record.stream = input.flag("stream").value_or(record.stream);
  record.status = static_cast<int>(input.integer("status", 100, 599).value_or(record.status));
  record.latency_ms = input.integer("latency_ms", 0, duration_ms_max).value_or(record.latency_ms);
  record.time_to_first_byte_ms = input.integer("time_to_first_byte_ms", 0, duration_ms_max)
                                     .value_or(record.time_to_first_byte_ms);
  record.estimated = input.flag("estimated").value_or(false);
  if (record.provider.empty()) input.complain("provider", "is required");
  if (record.model.empty()) input.complain("model", "is required");
  if (record.requested_model.empty()) record.requested_model = record.model;
}

// A total alone is booked as output where there is output, else as input: the
// two always add up to it.
std::optional<pricing::Cost> stated_cost(const Stated& stated, const pricing::Usage& usage) {
  pricing::Cost cost;
  cost.input = stated.input_cost.value_or(pricing::Money{});
  cost.output = stated.output_cost.value_or(pricing::Money{});
  if (stated.total_cost && !stated.input_cost && !stated.output_cost) {
    (usage.output_total().value() > 0 ? cost.output : cost.input) = *stated.total_cost;
  }
  cost.total = cost.input + cost.output;
  if (stated.total_cost && cost.total != *stated.total_cost) return std::nullopt;
  return cost;
}

void fill_cost(Input& input, const Stated& stated, const View& view, ledger::UsageRecord& record) {
  if (stated.usage) record.usage = *stated.usage;
  if (stated.cost()) {
    const auto cost = stated_cost(stated, record.usage);
    if (!cost) {
      input.complain("total_cost", "is not the sum of input_cost and output_cost");
      return;
    }
    record.cost = *cost;
    record.price_id = "stated";
    return;
  }
  if (!stated.usage) {
    input.complain("input_tokens", "or another figure of usage, or a cost, is required");
    return;
  }
  const auto price = find_price(view, record.provider, record.model, record.timestamp);
  if (!price.priced()) {
    input.complain("total_cost", "is required: no price is known for this model");
    return;
  }
  record.cost = pricing::cost_of(record.usage, price, pricing::ServiceTier::standard);
  record.price_id = price.id();
}

ledger::UsageRecord blank(std::string id, policy::Time now) {
  ledger::UsageRecord record;
  record.request_id = id.empty() ? "ext_" + random_hex(12) : std::move(id);
  record.timestamp = now;
  record.operation = "external";
  record.status = 200;
  return record;
}

// As a call of ours that names its allocation: what it takes, it takes from that
// first. It has happened, so that no limit is asked.
Awaitable<std::expected<bool, ledger::LedgerError>> record_drawing(
    ledger::Ledger& ledger, ledger::UsageRecord record, std::vector<policy::CounterRef> counters,
    policy::Time now) {
  ledger::ReserveRequest request;
  request.id = record.request_id;
  request.now = record.timestamp;
  request.lease_until = std::max(now, record.timestamp) + settle_time;
  request.allocation_id = record.caller.allocation_id;
  const ledger::Amount amount{record.cost.total, record.usage.input_total(),
                              record.usage.output_total()};
  for (policy::CounterRef& counter : counters) {
    request.lines.push_back({std::move(counter), policy::Enforcement::count, {}, amount});
  }
  request.if_lapsed = record;
  request.if_lapsed.estimated = true;
  const auto held = co_await ledger.reserve(std::move(request));
  if (!held) co_return std::unexpected(held.error());
  const auto settled = co_await ledger.settle(std::move(record));
  if (!settled) co_return std::unexpected(settled.error());
  co_return true;
}

std::vector<policy::CounterRef> plan_lines(const View& view, ledger::UsageRecord& record) {
  const policy::CallFacts facts{.caller = &record.caller,
                                .provider = record.provider,
                                .model = record.model,
                                .operation = record.operation,
                                .stream = record.stream};
  const policy::Plan plan = view.policies->plan(facts, record.timestamp);
  std::vector<policy::CounterRef> counters;
  record.policies.clear();
  for (const policy::PlannedLine& line : plan.lines) {
    counters.push_back(line.counter);
    record.policies.push_back(line.policy->id);
  }
  return counters;
}

Failure already_final(const std::string& id) {
  return {ErrorCode::conflict,
          "The call '" + id + "' has a record that is no estimate, or is still running.",
          {},
          0};
}

}  // namespace

Answer post_usage_record(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  const std::string id = input->text("request_id", request_id_bytes_max);

  ledger::UsageRecord record = blank(id, context.now);
  bool correction = false;
  if (!id.empty()) {
    ledger::UsageFilter filter;
    filter.request_id = id;
    auto ask = [&usage = context.services.usage, filter] { return usage.records(filter, 1, 1); };
    const auto first = co_await run_blocking(context.services.pool, std::move(ask));
    if (!first) co_return failure(store_failed(first.error()));
    correction = !first->records.empty();
    if (correction) record = first->records.front();
    if (correction && !record.estimated) co_return failure(already_final(id));
  }
  read_fields(*input, correction, context.now, record);
  fill_cost(*input, read_stated(*input), *context.view, record);
  if (const auto problem = input->problem()) co_return failure(*problem);

  record.usage_source = ledger::UsageSource::reported;
  if (correction && record.error == "interrupted") record.error.clear();
  std::vector<policy::CounterRef> lines;
  if (!correction) lines = plan_lines(*context.view, record);
  ledger::UsageRecord written = record;
  const bool draws = !correction && !record.caller.allocation_id.empty();
  auto recording = draws ? record_drawing(context.services.ledger, std::move(written),
                                          std::move(lines), context.now)
                         : context.services.ledger.record(std::move(written), std::move(lines));
  const auto added = co_await std::move(recording);
  if (!added) {
    if (added.error() == ledger::LedgerError::no_such_allocation) {
      co_return failure({ErrorCode::invalid_allocation,
                         "There is no open allocation '" + record.caller.allocation_id + "'.",
                         {},
                         0});
    }
    const bool final = added.error() == ledger::LedgerError::already_resolved ||
                       added.error() == ledger::LedgerError::duplicate_hold;
    co_return failure(final ? already_final(record.request_id) : store_failed(added.error()));
  }
  co_return success(json::object{{"corrected", !*added}, {"record", to_json(record)}},
                    *added ? 201 : 200);
}

}  // namespace budget::admin
