#include "tests/contract/ledger_contract.h"

#include <algorithm>

#include "tests/contract/model_ledger.h"

namespace budget::ledger {

using policy::Enforcement;
using policy::Limits;
using pricing::Money;
using pricing::Tokens;

Time at(std::int64_t milliseconds) {
  return Time(std::chrono::milliseconds(milliseconds));
}

Amount amount(std::int64_t cost, std::int64_t input, std::int64_t output) {
  return {Money(cost), Tokens(input), Tokens(output)};
}

CounterRef counter(const std::string& name) {
  CounterRef ref;
  ref.key = "test/" + name + "||total";
  return ref;
}

CounterRef rolling_counter(const std::string& name, std::chrono::seconds window) {
  CounterRef ref = counter(name);
  ref.rolling = window;
  return ref;
}

Limits cost_limit(std::int64_t nano_usd) {
  Limits limits;
  limits.cost = Money(nano_usd);
  return limits;
}

HoldLine line(CounterRef ref, const Amount& held, Limits limits, Enforcement enforcement) {
  return {std::move(ref), enforcement, std::move(limits), held};
}

UsageRecord usage_record(const std::string& id, const Amount& used, Time admitted) {
  UsageRecord record;
  record.request_id = id;
  record.timestamp = admitted;
  record.ended_at = admitted + std::chrono::seconds(1);
  record.provider = "simulated";
  record.model = "model-a";
  record.operation = "chat";
  record.status = 200;
  record.usage.input = used.input;
  record.usage.output = used.output;
  record.cost = {Money(), used.cost, used.cost};
  record.policies = {"test/policy"};
  return record;
}

ReserveRequest call(const std::string& id, std::vector<HoldLine> lines, Time now,
                    const std::string& allocation_id) {
  ReserveRequest request;
  request.id = id;
  request.now = now;
  request.lease_until = now + std::chrono::minutes(1);
  Amount held;
  for (const HoldLine& each : lines) {
    held.cost = std::max(held.cost, each.amount.cost);
    held.input = std::max(held.input, each.amount.input);
    held.output = std::max(held.output, each.amount.output);
  }
  request.lines = std::move(lines);
  request.allocation_id = allocation_id;
  request.if_lapsed = usage_record(id, held, now);
  request.if_lapsed.estimated = true;
  request.if_lapsed.usage_source = UsageSource::reserved;
  return request;
}

namespace {

class ModelUnderTest final : public LedgerUnderTest {
 public:
  Ledger& ledger() override { return model_; }
  void crash(Time now) override { model_.restart(now); }
  std::vector<UsageRecord> records() override { return model_.records(); }

 private:
  ModelLedger model_;
};

}  // namespace

LedgerMaker model_maker() {
  return {"Model", [] { return std::make_unique<ModelUnderTest>(); }};
}

}  // namespace budget::ledger
