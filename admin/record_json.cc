#include "admin/record_json.h"

#include "admin/json_parts.h"

namespace budget::admin {
namespace {

void put_caller(json::object& object, const policy::Caller& caller) {
  object["component"] = caller.component;
  object["context_id"] = caller.context_id;
  object["task_id"] = caller.task_id;
  object["task_type"] = caller.task_type;
  object["user"] = caller.user;
  object["tags"] = to_json(caller.tags);
  object["priority"] = caller.priority;
  object["key_id"] = caller.key_id;
  object["allocation_id"] = caller.allocation_id;
}

json::value seconds_of(std::int64_t milliseconds) {
  if (milliseconds % 1000 == 0) return milliseconds / 1000;
  return static_cast<double>(milliseconds) / 1000.0;
}

void put_usage(json::object& object, const pricing::Usage& usage) {
  object["input_tokens"] = usage.input_total().value();
  object["cache_read_tokens"] = usage.cache_read.value();
  object["cache_write_tokens"] = (usage.cache_write_5m + usage.cache_write_1h).value();
  object["output_tokens"] = usage.output_total().value();
  object["reasoning_tokens"] = usage.reasoning.value();
  object["audio_input_tokens"] = usage.audio_input.value();
  object["audio_output_tokens"] = usage.audio_output.value();
  object["total_tokens"] = usage.total().value();
  object["images"] = usage.images;
  object["seconds"] = seconds_of(usage.audio_milliseconds);
}

}  // namespace

std::string_view name_of(ledger::UsageSource source) {
  switch (source) {
    case ledger::UsageSource::reported:
      return "reported";
    case ledger::UsageSource::counted:
      return "counted";
    case ledger::UsageSource::reserved:
      return "reserved";
  }
  return "reserved";
}

json::object to_json(const ledger::UsageRecord& record) {
  // The request id names the record too: there is exactly one for each.
  json::object object{{"record_id", record.request_id},
                      {"request_id", record.request_id},
                      {"timestamp", policy::rfc3339(record.timestamp)},
                      {"ended_at", policy::rfc3339(record.ended_at)}};
  put_caller(object, record.caller);
  object["provider"] = record.provider;
  object["model"] = record.model;
  object["requested_model"] = record.requested_model;
  object["operation"] = record.operation;
  object["stream"] = record.stream;
  object["status"] = record.status;
  object["decision"] = policy::name_of(record.decision);
  put_usage(object, record.usage);
  put_money(object, "input_cost", record.cost.input);
  put_money(object, "output_cost", record.cost.output);
  put_money(object, "total_cost", record.cost.total);
  object["price_id"] = record.price_id;
  object["usage_source"] = name_of(record.usage_source);
  object["estimated"] = record.estimated;
  object["unpriced"] = record.unpriced;
  object["policies"] = to_json(record.policies);
  object["latency_ms"] = record.latency_ms;
  object["time_to_first_byte_ms"] = record.time_to_first_byte_ms;
  object["upstream_request_id"] = record.upstream_request_id;
  object["error"] = record.error;
  return object;
}

}  // namespace budget::admin
