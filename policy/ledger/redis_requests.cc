#include "policy/ledger/redis_requests.h"

#include <array>
#include <utility>

#include "policy/ledger/redis_record.h"

namespace budget::ledger {
namespace {

using pricing::Money;
using pricing::Tokens;

// What the scripts call a line enforced as room that a call may pass once it is in.
constexpr std::int64_t room_to_begin = 3;

std::int64_t ms_of(Time time) {
  return time.time_since_epoch().count();
}

void pack_time(Packer& out, const std::optional<Time>& time) {
  if (time) {
    out.integer(ms_of(*time));
  } else {
    out.boolean(false);
  }
}

void pack_amount(Packer& out, const Amount& amount) {
  out.array(3);
  out.integer(amount.cost.value());
  out.integer(amount.input.value());
  out.integer(amount.output.value());
}

void pack_limits(Packer& out, const policy::Limits& limits) {
  const auto each = [&out](const auto& limit, auto number_of) {
    if (limit) {
      out.integer(number_of(*limit));
    } else {
      out.boolean(false);
    }
  };
  const auto quantity = [](auto limit) { return limit.value(); };
  const auto plain = [](std::int64_t limit) { return limit; };
  out.array(6);
  each(limits.cost, quantity);
  each(limits.tokens, quantity);
  each(limits.input_tokens, quantity);
  each(limits.output_tokens, quantity);
  each(limits.requests, plain);
  each(limits.concurrent, plain);
}

// The first three elements of a line.
void pack_counter(Packer& out, const CounterRef& ref) {
  out.text(ref.key);
  out.integer(std::chrono::milliseconds(ref.rolling).count());
  pack_time(out, ref.expires_at);
}

void pack_lines(Packer& out, const std::vector<HoldLine>& lines) {
  out.array(lines.size());
  for (const HoldLine& line : lines) {
    out.array(6);
    pack_counter(out, line.counter);
    const bool passes = line.may_pass && line.enforcement == policy::Enforcement::room;
    out.integer(passes ? room_to_begin : static_cast<std::int64_t>(line.enforcement));
    pack_limits(out, line.limits);
    pack_amount(out, line.amount);
  }
}

void pack_counters(Packer& out, const std::vector<CounterRef>& counters) {
  out.array(counters.size());
  for (const CounterRef& ref : counters) {
    out.array(3);
    pack_counter(out, ref);
  }
}

Amount amount_at(RedisValue reply, std::size_t index) {
  return {Money(reply.at(index).integer()), Tokens(reply.at(index + 1).integer()),
          Tokens(reply.at(index + 2).integer())};
}

std::vector<CounterState> states_from(RedisValue reply, std::size_t index) {
  constexpr std::size_t kPerState = 8;
  std::vector<CounterState> states;
  for (; index + kPerState <= reply.size(); index += kPerState) {
    states.push_back({amount_at(reply, index), amount_at(reply, index + 3),
                      reply.at(index + 6).integer(), reply.at(index + 7).integer()});
  }
  return states;
}

}  // namespace

void RequestFormat::stamp(Packer& out, Time now) const {
  if (time == TimeSource::caller) {
    out.integer(ms_of(now));
  } else {
    out.boolean(false);
  }
}

void RequestFormat::lease(Packer& out, Time now, Time until) const {
  out.integer(time == TimeSource::caller ? ms_of(until) : (until - now).count());
}

std::string RequestFormat::reserve(const ReserveRequest& request) const {
  Packer out;
  out.array(7);
  stamp(out, request.now);
  lease(out, request.now, request.lease_until);
  out.text(request.id);
  out.text(request.allocation_id);
  pack_lines(out, request.lines);
  UsageRecord record = request.if_lapsed;
  record.request_id = request.id;
  record.timestamp = request.now;
  pack_record(out, record, usage_retention);
  out.integer(swept_at_once_max);
  return out.bytes();
}

std::string RequestFormat::extend(const std::string& id, const Amount& amount, Time now,
                                  Time lease_until) const {
  Packer out;
  out.array(4);
  stamp(out, now);
  lease(out, now, lease_until);
  out.text(id);
  pack_amount(out, amount);
  return out.bytes();
}

std::string RequestFormat::settle(const UsageRecord& record, const std::string& token) const {
  Packer out;
  out.array(4);
  stamp(out, record.ended_at);
  out.text(record.request_id);
  pack_record(out, record, usage_retention);
  out.text(token);
  return out.bytes();
}

std::string RequestFormat::release(const std::string& id, Time now) const {
  Packer out;
  out.array(2);
  stamp(out, now);
  out.text(id);
  return out.bytes();
}

std::string RequestFormat::reap(Time now, bool all) const {
  Packer out;
  out.array(3);
  stamp(out, now);
  out.integer(swept_at_once_max);
  out.boolean(all);
  return out.bytes();
}

std::string RequestFormat::record(const UsageRecord& record,
                                  const std::vector<CounterRef>& lines) const {
  Packer out;
  out.array(5);
  stamp(out, record.timestamp);
  out.text(record.request_id);
  pack_record(out, record, usage_retention);
  pack_counters(out, lines);
  out.integer(ms_of(record.timestamp));
  return out.bytes();
}

std::string RequestFormat::allocate(const AllocateRequest& request) const {
  Packer out;
  out.array(5);
  stamp(out, request.now);
  out.text(request.id);
  pack_time(out, request.expires_at);
  pack_lines(out, request.lines);
  out.integer(swept_at_once_max);
  return out.bytes();
}

std::string RequestFormat::allocation(const std::string& id, Time now, bool release) const {
  Packer out;
  out.array(3);
  stamp(out, now);
  out.text(id);
  out.boolean(release);
  return out.bytes();
}

std::string RequestFormat::read(const std::vector<CounterRef>& counters, Time now) const {
  Packer out;
  out.array(2);
  stamp(out, now);
  pack_counters(out, counters);
  return out.bytes();
}

std::string RequestFormat::find(const std::string& id, Time now) const {
  Packer out;
  out.array(2);
  stamp(out, now);
  out.text(id);
  return out.bytes();
}

std::optional<LedgerError> error_in(RedisValue reply) {
  static constexpr std::array kNamed = {LedgerError::unknown_hold, LedgerError::already_resolved,
                                        LedgerError::duplicate_hold,
                                        LedgerError::no_such_allocation};
  if (reply.size() == 0) return LedgerError::unavailable;
  for (const LedgerError error : kNamed) {
    if (reply.at(0).text() == name_of(error)) return error;
  }
  return std::nullopt;
}

ReserveReply reserve_reply(RedisValue reply) {
  ReserveReply result;
  if (reply.at(0).text() == "short") {
    result.outcome.shortfall = Shortfall{static_cast<std::size_t>(reply.at(2).integer()),
                                         static_cast<policy::Unit>(reply.at(3).integer())};
  }
  result.more = reply.at(4).integer() != 0;
  result.outcome.states = states_from(reply, 5);
  return result;
}

SettleOutcome settle_reply(RedisValue reply) {
  return {states_from(reply, 5), amount_at(reply, 2)};
}

AllocationState allocation_reply(std::string id, RedisValue reply) {
  AllocationState state;
  state.id = std::move(id);
  state.released = reply.at(2).integer() != 0;
  if (const RedisValue end = reply.at(3); !end.text().empty() || end.integer() != 0) {
    state.expires_at = Time(std::chrono::milliseconds(end.integer()));
  }
  state.allocated = amount_at(reply, 4);
  state.remaining = amount_at(reply, 7);
  return state;
}

std::vector<CounterState> read_reply(RedisValue reply) {
  return states_from(reply, 2);
}

}  // namespace budget::ledger
