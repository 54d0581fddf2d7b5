#include "policy/ledger/codec.h"

#include <utility>

namespace budget::ledger {

using policy::Amount;
using policy::CounterRef;
using policy::Time;
using pricing::Money;
using pricing::Tokens;

void Encoder::text(std::string_view value) {
  number(static_cast<std::int64_t>(value.size()));
  out_.append(value);
}

void Encoder::time(const std::optional<Time>& value) {
  flag(value.has_value());
  if (value) time(*value);
}

void Encoder::amount(const Amount& value) {
  number(value.cost.value());
  number(value.input.value());
  number(value.output.value());
}

void Encoder::counter(const CounterRef& value) {
  text(value.key);
  text(value.partition);
  time(value.window_start);
  time(value.resets_at);
  time(value.expires_at);
  number(value.rolling.count());
}

void Encoder::record(const UsageRecord& value) {
  text(value.request_id);
  time(value.timestamp);
  time(value.ended_at);
  const policy::Caller& caller = value.caller;
  for (const std::string* label :
       {&caller.component, &caller.context_id, &caller.task_id, &caller.task_type, &caller.user,
        &caller.key_id, &caller.allocation_id}) {
    text(*label);
  }
  number(static_cast<std::int64_t>(caller.tags.size()));
  for (const auto& [name, tag] : caller.tags) {
    text(name);
    text(tag);
  }
  number(caller.priority);
  for (const std::string* label :
       {&value.provider, &value.model, &value.requested_model, &value.operation, &value.price_id,
        &value.upstream_request_id, &value.error}) {
    text(*label);
  }
  flag(value.stream);
  number(value.status);
  number(static_cast<std::int64_t>(value.decision));
  const pricing::Usage& usage = value.usage;
  for (const Tokens tokens :
       {usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h,
        usage.audio_input, usage.image_input, usage.output, usage.reasoning, usage.audio_output,
        usage.image_output}) {
    number(tokens.value());
  }
  for (const std::int64_t units :
       {usage.images, usage.audio_milliseconds, usage.characters, usage.search_units}) {
    number(units);
  }
  number(value.cost.input.value());
  number(value.cost.output.value());
  number(value.cost.total.value());
  number(static_cast<std::int64_t>(value.usage_source));
  flag(value.estimated);
  flag(value.unpriced);
  number(static_cast<std::int64_t>(value.policies.size()));
  for (const std::string& policy : value.policies) text(policy);
  number(value.latency_ms);
  number(value.time_to_first_byte_ms);
}

std::size_t Decoder::count() {
  const std::int64_t size = number();
  if (size >= 0 && static_cast<std::uint64_t>(size) <= rest_.size()) {
    return static_cast<std::size_t>(size);
  }
  fail();
  return 0;
}

std::string Decoder::text() {
  const std::size_t size = count();
  std::string value(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return value;
}

std::optional<Time> Decoder::optional_time() {
  if (!flag()) return std::nullopt;
  return time();
}

Amount Decoder::amount() {
  Amount value;
  value.cost = Money(number());
  value.input = Tokens(number());
  value.output = Tokens(number());
  return value;
}

CounterRef Decoder::counter() {
  CounterRef value;
  value.key = text();
  value.partition = text();
  value.window_start = time();
  value.resets_at = optional_time();
  value.expires_at = optional_time();
  value.rolling = std::chrono::seconds(number());
  return value;
}

UsageRecord Decoder::record() {
  UsageRecord value;
  value.request_id = text();
  value.timestamp = time();
  value.ended_at = time();
  policy::Caller& caller = value.caller;
  for (std::string* label :
       {&caller.component, &caller.context_id, &caller.task_id, &caller.task_type, &caller.user,
        &caller.key_id, &caller.allocation_id}) {
    *label = text();
  }
  for (std::size_t left = count(); left > 0; --left) {
    std::string name = text();
    caller.tags.emplace_back(std::move(name), text());
  }
  caller.priority = static_cast<int>(number());
  for (std::string* label :
       {&value.provider, &value.model, &value.requested_model, &value.operation, &value.price_id,
        &value.upstream_request_id, &value.error}) {
    *label = text();
  }
  value.stream = flag();
  value.status = static_cast<int>(number());
  value.decision = static_cast<policy::Verdict>(number());
  pricing::Usage& usage = value.usage;
  for (Tokens* tokens :
       {&usage.input, &usage.cache_read, &usage.cache_write_5m, &usage.cache_write_1h,
        &usage.audio_input, &usage.image_input, &usage.output, &usage.reasoning,
        &usage.audio_output, &usage.image_output}) {
    *tokens = Tokens(number());
  }
  for (std::int64_t* units :
       {&usage.images, &usage.audio_milliseconds, &usage.characters, &usage.search_units}) {
    *units = number();
  }
  value.cost.input = Money(number());
  value.cost.output = Money(number());
  value.cost.total = Money(number());
  value.usage_source = static_cast<UsageSource>(number());
  value.estimated = flag();
  value.unpriced = flag();
  value.policies.resize(count());
  for (std::string& policy : value.policies) policy = text();
  value.latency_ms = number();
  value.time_to_first_byte_ms = number();
  return value;
}

}  // namespace budget::ledger
