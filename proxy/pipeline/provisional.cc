#include "proxy/pipeline/provisional.h"

#include <algorithm>

namespace budget::pipeline {

ledger::UsageRecord blank_record(const Call& call) {
  ledger::UsageRecord record;
  record.request_id = call.request_id;
  record.timestamp = call.admitted_at;
  record.ended_at = call.admitted_at;
  record.caller = call.caller;
  record.provider = call.provider->config.name;
  record.model = call.model;
  record.requested_model = call.facts.model;
  record.operation = wire::name_of(call.route.operation);
  record.stream = call.facts.stream;
  record.decision = call.decision.verdict;
  record.price_id = call.price.id();
  record.policies.reserve(call.plan.lines.size());
  for (const policy::PlannedLine& line : call.plan.lines) {
    record.policies.push_back(line.policy->id);
  }
  return record;
}

policy::Time lease_end(const Call& call, policy::Time now) {
  const ProviderConfig& config = call.provider->config;
  return now + hold_lease + config.connect_timeout +
         std::max(config.first_byte_timeout, config.idle_timeout);
}

ledger::UsageRecord provisional_record(const Call& call, pricing::Tokens ceiling) {
  ledger::UsageRecord record = blank_record(call);
  pricing::WorstCase worst = call.worst;
  worst.output_ceiling = ceiling;
  record.usage.input = worst.input;
  record.usage.output = worst.output_ceiling;
  record.cost = pricing::worst_case_cost(worst, call.price);
  record.usage_source = ledger::UsageSource::reserved;
  record.estimated = true;
  record.error = "interrupted";
  return record;
}

}  // namespace budget::pipeline
