#include "policy/ledger/entry.h"

#include <utility>

#include "policy/ledger/codec.h"

namespace budget::ledger {
namespace {

// The first byte of an entry. Never reuse one: old journals must be readable.
enum class Kind : std::int64_t {
  counter_defined = 1,
  counter_forgotten = 2,
  hold_kept = 3,
  hold_released = 4,
  charged = 5,
  corrected = 6,
  allocation_kept = 7,
  allocation_ended = 8,
};

Encoder begin(Kind kind, std::string& out) {
  out.clear();
  Encoder encoder(out);
  encoder.number(static_cast<std::int64_t>(kind));
  return encoder;
}

void put_lines(Encoder& encoder, const std::vector<KeptLine>& lines) {
  encoder.number(static_cast<std::int64_t>(lines.size()));
  for (const KeptLine& line : lines) {
    encoder.number(line.counter);
    encoder.amount(line.amount);
    encoder.amount(line.drawn);
  }
}

std::vector<KeptLine> take_lines(Decoder& decoder) {
  std::vector<KeptLine> lines(decoder.count());
  for (KeptLine& line : lines) {
    line.counter = decoder.number();
    line.amount = decoder.amount();
    line.drawn = decoder.amount();
  }
  return lines;
}

HoldKept take_hold(Decoder& decoder) {
  HoldKept hold;
  hold.id = decoder.text();
  hold.now = decoder.time();
  hold.lease_until = decoder.time();
  hold.allocation_id = decoder.text();
  hold.lines = take_lines(decoder);
  hold.if_lapsed = decoder.record();
  return hold;
}

Charged take_charged(Decoder& decoder) {
  Charged charged;
  charged.record = decoder.record();
  charged.allocation_id = decoder.text();
  charged.lines.resize(decoder.count());
  for (ChargedLine& line : charged.lines) {
    line.counter = decoder.number();
    line.consumed = decoder.amount();
  }
  return charged;
}

Corrected take_corrected(Decoder& decoder) {
  Corrected corrected;
  corrected.record = decoder.record();
  corrected.before = decoder.amount();
  for (std::size_t left = decoder.count(); left > 0; --left) {
    corrected.lines.push_back(decoder.number());
  }
  return corrected;
}

AllocationKept take_allocation(Decoder& decoder) {
  AllocationKept allocation;
  allocation.id = decoder.text();
  allocation.expires_at = decoder.optional_time();
  allocation.lines = take_lines(decoder);
  return allocation;
}

std::optional<Entry> take(Decoder& decoder) {
  switch (static_cast<Kind>(decoder.number())) {
    case Kind::counter_defined: {
      const std::int64_t number = decoder.number();
      return CounterDefined{number, decoder.counter()};
    }
    case Kind::counter_forgotten:
      return CounterForgotten{decoder.number()};
    case Kind::hold_kept:
      return take_hold(decoder);
    case Kind::hold_released:
      return HoldReleased{decoder.text()};
    case Kind::charged:
      return take_charged(decoder);
    case Kind::corrected:
      return take_corrected(decoder);
    case Kind::allocation_kept:
      return take_allocation(decoder);
    case Kind::allocation_ended:
      return AllocationEnded{decoder.text()};
  }
  return std::nullopt;
}

}  // namespace

void encode(const CounterDefined& entry, std::string& out) {
  Encoder encoder = begin(Kind::counter_defined, out);
  encoder.number(entry.number);
  encoder.counter(entry.ref);
}

void encode(const CounterForgotten& entry, std::string& out) {
  begin(Kind::counter_forgotten, out).number(entry.number);
}

void encode(const HoldKept& entry, std::string& out) {
  Encoder encoder = begin(Kind::hold_kept, out);
  encoder.text(entry.id);
  encoder.time(entry.now);
  encoder.time(entry.lease_until);
  encoder.text(entry.allocation_id);
  put_lines(encoder, entry.lines);
  encoder.record(entry.if_lapsed);
}

void encode(const HoldReleased& entry, std::string& out) {
  begin(Kind::hold_released, out).text(entry.id);
}

void encode(const Charged& entry, std::string& out) {
  Encoder encoder = begin(Kind::charged, out);
  encoder.record(entry.record);
  encoder.text(entry.allocation_id);
  encoder.number(static_cast<std::int64_t>(entry.lines.size()));
  for (const ChargedLine& line : entry.lines) {
    encoder.number(line.counter);
    encoder.amount(line.consumed);
  }
}

void encode(const Corrected& entry, std::string& out) {
  Encoder encoder = begin(Kind::corrected, out);
  encoder.record(entry.record);
  encoder.amount(entry.before);
  encoder.number(static_cast<std::int64_t>(entry.lines.size()));
  for (const std::int64_t counter : entry.lines) encoder.number(counter);
}

void encode(const AllocationKept& entry, std::string& out) {
  Encoder encoder = begin(Kind::allocation_kept, out);
  encoder.text(entry.id);
  encoder.time(entry.expires_at);
  put_lines(encoder, entry.lines);
}

void encode(const AllocationEnded& entry, std::string& out) {
  begin(Kind::allocation_ended, out).text(entry.id);
}

std::optional<std::string> kept_hold_id(std::string_view bytes) {
  Decoder decoder(bytes);
  if (static_cast<Kind>(decoder.number()) != Kind::hold_kept) return std::nullopt;
  std::string id = decoder.text();
  if (!decoder.ok()) return std::nullopt;
  return id;
}

std::optional<Entry> decode(std::string_view bytes) {
  Decoder decoder(bytes);
  std::optional<Entry> entry = take(decoder);
  if (!decoder.complete()) return std::nullopt;
  return entry;
}

}  // namespace budget::ledger
