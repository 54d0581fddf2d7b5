#include "policy/ledger/owed.h"

#include <utility>

#include "policy/ledger/codec.h"

namespace budget::ledger {

std::vector<CounterRef> Owed::counters() const {
  std::vector<CounterRef> counters;
  counters.reserve(lines.size());
  for (const OwedLine& line : lines) counters.push_back(line.counter);
  return counters;
}

ReserveRequest Owed::hold(Time now) const {
  ReserveRequest request;
  request.id = id();
  request.now = now;
  request.lease_until = now + lease;
  request.allocation_id = allocation_id;
  for (const OwedLine& line : lines) {
    request.lines.push_back({line.counter, policy::Enforcement::count, {}, line.held});
  }
  request.if_lapsed = record;
  return request;
}

Owed owed_of(const ReserveRequest& request) {
  Owed owed;
  owed.kind = Owed::Kind::admitted;
  owed.record = request.if_lapsed;
  owed.record.request_id = request.id;
  owed.lease = request.lease_until - request.now;
  owed.allocation_id = request.allocation_id;
  owed.lines.reserve(request.lines.size());
  for (const HoldLine& line : request.lines) owed.lines.push_back({line.counter, line.amount});
  return owed;
}

void encode(const Owed& owed, std::string& out) {
  out.clear();
  Encoder encoder(out);
  encoder.number(static_cast<std::int64_t>(owed.kind));
  encoder.time(owed.kept_at);
  encoder.record(owed.record);
  encoder.number(static_cast<std::int64_t>(owed.lines.size()));
  for (const OwedLine& line : owed.lines) {
    encoder.counter(line.counter);
    encoder.amount(line.held);
  }
  encoder.number(owed.lease.count());
  encoder.text(owed.allocation_id);
}

std::optional<Owed> decode_owed(std::string_view bytes) {
  Decoder decoder(bytes);
  const std::int64_t kind = decoder.number();
  if (kind < static_cast<std::int64_t>(Owed::Kind::settle) ||
      kind > static_cast<std::int64_t>(Owed::Kind::admitted)) {
    return std::nullopt;
  }
  Owed owed;
  owed.kind = static_cast<Owed::Kind>(kind);
  owed.kept_at = decoder.time();
  owed.record = decoder.record();
  owed.lines.resize(decoder.count());
  for (OwedLine& line : owed.lines) {
    line.counter = decoder.counter();
    line.held = decoder.amount();
  }
  owed.lease = std::chrono::milliseconds(decoder.number());
  owed.allocation_id = decoder.text();
  if (!decoder.complete()) return std::nullopt;
  return owed;
}

}  // namespace budget::ledger
