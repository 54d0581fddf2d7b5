#include "policy/ledger/redis_usage.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "policy/ledger/redis_cells.h"
#include "policy/ledger/redis_hours.h"
#include "policy/ledger/redis_record.h"
#include "policy/partition.h"

namespace budget::ledger {
namespace {

using Failure = std::optional<std::string>;

constexpr std::size_t kCommandsAtOnce = 100;
// How often a search for the newest admissions asks itself whether it is done.
constexpr std::size_t kEntriesBetweenLooks = 256;

// A piece with how many records of it pass the filter.
struct Counted {
  UsagePiece piece;
  std::int64_t count = 0;
};

struct Row {
  std::int64_t timestamp = 0;
  std::string entry;
};
bool newer(const Row& a, const Row& b) {
  if (a.timestamp != b.timestamp) return a.timestamp > b.timestamp;
  const std::int64_t a_ms = milliseconds_of(a.entry);
  const std::int64_t b_ms = milliseconds_of(b.entry);
  if (a_ms != b_ms) return a_ms > b_ms;
  // "…-10" was settled after "…-9".
  if (a.entry.size() != b.entry.size()) return a.entry.size() > b.entry.size();
  return a.entry > b.entry;
}

// The instant in an id of the proxy's own: "req_" and a ULID.
std::optional<policy::Time> time_in(const std::string& id) {
  static constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  constexpr std::size_t kPrefix = 4, kTime = 10, kWhole = 30;
  if (id.size() != kWhole || !id.starts_with("req_")) return std::nullopt;
  std::int64_t ms = 0;
  for (const char c : id.substr(kPrefix, kTime)) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    ms = ms * 32 + static_cast<std::int64_t>(digit);
  }
  return policy::Time(std::chrono::milliseconds(ms));
}

// One question, from the first look to the answer.
class Question {
 public:
  Question(RedisClient& client, const UsageFilter& filter)
      : client_(client), filter_(filter), cells_(filter), entries_(filter) {}

  Failure page(int number, int limit, RecordPage& page);
  Failure add_up(CellGroups& groups);
  // The record that the filter's request id names, if it passes.
  Failure one(std::optional<UsageRecord>& found);

 private:
  [[nodiscard]] std::string key_of(const std::string& hour) const {
    return client_.ledger().prefix() + "usage:" + hour;
  }
  [[nodiscard]] bool by_record() const { return !filter_.context_id.empty(); }
  Failure count(std::vector<Counted>& pieces);
  Failure count_lengths(std::vector<Counted>& pieces);
  Failure count_cells(std::vector<Counted>& pieces);
  Failure take_hour(const Counted& hour, std::int64_t skip, std::int64_t want, RecordPage& page);
  Failure find_rows(const Counted& hour, std::size_t needed, std::vector<Row>& rows);
  Failure fetch(const std::string& hour, const std::vector<Row>& rows, RecordPage& page);
  Failure search(policy::Time at, std::optional<UsageRecord>& found);
  Failure add_records(const UsagePiece& hour, CellGroups& groups);
  static void add_record(const UsageRecord& record, CellGroups& groups);

  RedisClient& client_;
  const UsageFilter& filter_;
  CellFilter cells_;
  EntryFilter entries_;
};

// Whole hours, where nothing but time is asked for: as long as their streams.
Failure Question::count_lengths(std::vector<Counted>& pieces) {
  std::vector<Counted*> whole;
  for (Counted& each : pieces) {
    if (each.piece.whole) whole.push_back(&each);
  }
  for (std::size_t from = 0; from < whole.size(); from += kCommandsAtOnce) {
    const std::size_t end = std::min(whole.size(), from + kCommandsAtOnce);
    std::vector<std::string> commands;
    for (std::size_t i = from; i < end; ++i) {
      commands.push_back(redis_command({"XLEN", key_of(whole[i]->piece.name)}));
    }
    const auto replies = client_.ask(std::move(commands));
    if (!replies) return replies.error();
    for (std::size_t i = from; i < end; ++i) {
      whole[i]->count = (*replies)[i - from].value().integer();
    }
  }
  return std::nullopt;
}

Failure Question::count_cells(std::vector<Counted>& pieces) {
  std::vector<Counted*> whole;
  std::vector<std::string> periods;
  for (Counted& each : pieces) {
    if (!each.piece.whole) continue;
    whole.push_back(&each);
    periods.push_back(each.piece.name);
  }
  const auto fine = read_cells(client_, cells_.detailed(), periods,
                               [&](std::size_t period, const CellParts& cell) {
                                 if (cells_.passes(cell)) whole[period]->count += cell.figures[0];
                               });
  if (!fine) return fine.error();
  return std::nullopt;
}

Failure Question::count(std::vector<Counted>& pieces) {
  if (!by_record()) {
    auto failure = cells_.empty() ? count_lengths(pieces) : count_cells(pieces);
    if (failure) return failure;
  }
  for (Counted& each : pieces) {
    if (each.piece.whole && !by_record()) continue;
    const auto fine =
        scan_hour(client_, each.piece.name, [&](std::string_view, const EntryFields& fields) {
          if (entries_.passes(fields)) ++each.count;
          return true;
        });
    if (!fine) return fine.error();
  }
  return std::nullopt;
}

Failure Question::page(int number, int limit, RecordPage& page) {
  auto pieces = pieces_of(client_, filter_, !by_record() && !cells_.empty());
  if (!pieces) return pieces.error();
  std::vector<Counted> counted;
  for (UsagePiece& piece : *pieces) counted.push_back({std::move(piece), 0});
  if (auto failure = count(counted)) return failure;
  for (const Counted& each : counted) page.total += each.count;

  std::int64_t skip = std::int64_t{number - 1} * limit;
  std::int64_t want = limit;
  // Takes what is on the page from pieces, which are gone through from the last.
  const std::function<Failure(const std::vector<Counted>&)> take =
      [&](const std::vector<Counted>& from) -> Failure {
    for (auto each = from.rbegin(); each != from.rend() && want > 0; ++each) {
      if (skip >= each->count) {
        skip -= each->count;
        continue;
      }
      if (each->piece.day) {
        auto hours = hours_of_day(client_, each->piece);
        if (!hours) return hours.error();
        std::vector<Counted> parts;
        for (UsagePiece& hour : *hours) parts.push_back({std::move(hour), 0});
        if (auto failure = count_cells(parts)) return failure;
        if (auto failure = take(parts)) return failure;
        continue;
      }
      if (auto failure = take_hour(*each, skip, want, page)) return failure;
      const std::int64_t taken = std::min(want, each->count - skip);
      skip = 0;
      want -= taken;
    }
    return std::nullopt;
  };
  return take(counted);
}

Failure Question::take_hour(const Counted& hour, std::int64_t skip, std::int64_t want,
                            RecordPage& page) {
  std::vector<Row> rows;
  if (auto failure = find_rows(hour, static_cast<std::size_t>(skip + want), rows)) return failure;
  std::ranges::sort(rows, newer);
  const auto from = std::min(rows.size(), static_cast<std::size_t>(skip));
  const auto end = std::min(rows.size(), static_cast<std::size_t>(skip + want));
  rows = {rows.begin() + static_cast<std::ptrdiff_t>(from),
          rows.begin() + static_cast<std::ptrdiff_t>(end)};
  return fetch(hour.piece.name, rows, page);
}

// At least the newest `needed` admissions of the hour that pass.
Failure Question::find_rows(const Counted& hour, std::size_t needed, std::vector<Row>& rows) {
  const std::string& name = hour.piece.name;
  const auto kept =
      client_.ask(redis_command({"GET", client_.ledger().prefix() + "ahead:" + name}));
  if (!kept) return kept.error();
  const std::int64_t ahead = kept->value().integer();
  std::size_t seen = 0;
  std::vector<std::int64_t> times;
  const auto fine = scan_hour(client_, name, [&](std::string_view id, const EntryFields& fields) {
    if (entries_.passes(fields)) rows.push_back({timestamp_of(fields), std::string(id)});
    if (++seen % kEntriesBetweenLooks != 0 || rows.size() < needed) return true;
    times.clear();
    for (const Row& row : rows) times.push_back(row.timestamp);
    std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(needed - 1),
                             std::greater{});
    // What is still unseen was settled no later than this entry, and so was
    // admitted no later than that and what admissions are ahead of it.
    return times[needed - 1] <= milliseconds_of(id) + ahead;
  });
  if (!fine) return fine.error();
  return std::nullopt;
}

Failure Question::fetch(const std::string& hour, const std::vector<Row>& rows, RecordPage& page) {
  for (std::size_t from = 0; from < rows.size(); from += kCommandsAtOnce) {
    std::vector<std::string> commands;
    for (std::size_t i = from; i < std::min(rows.size(), from + kCommandsAtOnce); ++i) {
      commands.push_back(redis_command({"XRANGE", key_of(hour), rows[i].entry, rows[i].entry}));
    }
    const auto replies = client_.ask(std::move(commands));
    if (!replies) return replies.error();
    for (const RedisReply& reply : *replies) {
      if (reply.value().size() == 0) continue;  // corrected meanwhile
      EntryFields fields;
      const RedisValue words = reply.value().at(0).at(1);
      for (std::size_t j = 0; j + 1 < words.size(); j += 2) {
        fields.emplace_back(words.at(j).text(), words.at(j + 1).text());
      }
      if (!entries_.passes(fields)) continue;
      auto record = record_of(fields);
      if (!record) return "a usage record in Redis cannot be read";
      page.records.push_back(std::move(*record));
    }
  }
  return std::nullopt;
}

Failure Question::one(std::optional<UsageRecord>& found) {
  const auto place = client_.find_record(filter_.request_id);
  if (!place) return place.error();
  if (*place) {
    RecordPage page;
    if (auto failure = fetch((*place)->hour, {{0, (*place)->entry}}, page)) return failure;
    if (!page.records.empty()) found = std::move(page.records.front());
  } else if (const auto at = time_in(filter_.request_id)) {
    // The id was made a moment before the admission, or in the same.
    if (auto failure = search(*at, found)) return failure;
    const policy::Time later = *at + std::chrono::minutes(1);
    if (!found && hour_name(later) != hour_name(*at)) {
      if (auto failure = search(later, found)) return failure;
    }
  }
  return std::nullopt;
}

Failure Question::search(policy::Time at, std::optional<UsageRecord>& found) {
  const auto fine =
      scan_hour(client_, hour_name(at), [&](std::string_view, const EntryFields& fields) {
        for (const auto& [name, value] : fields) {
          if (name != "request_id") continue;
          if (value != filter_.request_id) return true;
          if (entries_.passes(fields)) found = record_of(fields);
          return false;
        }
        return true;
      });
  if (!fine) return fine.error();
  return std::nullopt;
}

void Question::add_record(const UsageRecord& record, CellGroups& groups) {
  const UsageCell cell = cell_of(record);
  const std::string name = cell.detail + "|" + cell.labels + "|" + cell.policies;
  auto parts = parse_cell_name(name, true);
  if (!parts) std::abort();  // it was put together a line before
  parts->figures = cell.figures;
  std::string context;
  policy::append_encoded(context, record.caller.context_id);
  groups.add(*parts, context);
}

Failure Question::add_records(const UsagePiece& hour, CellGroups& groups) {
  Failure failure;
  groups.at(hour.start);
  const auto fine = scan_hour(client_, hour.name, [&](std::string_view, const EntryFields& fields) {
    if (!entries_.passes(fields)) return true;
    const auto record = record_of(fields);
    if (!record) {
      failure = "a usage record in Redis cannot be read";
      return false;
    }
    if (groups.by_record()) groups.at(record->timestamp);
    add_record(*record, groups);
    return true;
  });
  if (!fine) return fine.error();
  return failure;
}

Failure Question::add_up(CellGroups& groups) {
  if (!filter_.request_id.empty()) {
    std::optional<UsageRecord> found;
    if (auto failure = one(found)) return failure;
    if (!found) return std::nullopt;
    groups.at(found->timestamp);
    add_record(*found, groups);
    return std::nullopt;
  }
  const bool records_only = by_record() || groups.by_record();
  const auto pieces = pieces_of(client_, filter_, !records_only && !groups.by_hour());
  if (!pieces) return pieces.error();
  std::vector<std::string> periods;
  std::vector<policy::Time> starts;
  for (const UsagePiece& piece : *pieces) {
    if (piece.whole && !records_only) {
      periods.push_back(piece.name);
      starts.push_back(piece.start);
      continue;
    }
    if (auto failure = add_records(piece, groups)) return failure;
  }
  std::size_t last = periods.size();
  const auto fine = read_cells(client_, groups.detailed() || cells_.detailed(), periods,
                               [&](std::size_t period, const CellParts& cell) {
                                 if (!cells_.passes(cell)) return;
                                 if (period != last) groups.at(starts[period]);
                                 last = period;
                                 groups.add(cell);
                               });
  if (!fine) return fine.error();
  return std::nullopt;
}

}  // namespace

RedisUsage::RedisUsage(RedisLedger& ledger) : client_(ledger) {}
RedisUsage::~RedisUsage() = default;

std::expected<RecordPage, RedisUsage::Error> RedisUsage::records(const UsageFilter& filter,
                                                                 int page, int limit) {
  RecordPage answer;
  Question question(client_, filter);
  if (filter.request_id.empty()) {
    if (auto failure = question.page(page, limit, answer)) return std::unexpected(*failure);
    return answer;
  }
  std::optional<UsageRecord> found;
  if (auto failure = question.one(found)) return std::unexpected(*failure);
  if (found) {
    answer.total = 1;
    if (page == 1) answer.records.push_back(std::move(*found));
  }
  return answer;
}

std::expected<std::vector<UsageSum>, RedisUsage::Error> RedisUsage::summary(
    const UsageFilter& filter, const std::vector<std::string>& group_by) {
  auto groups = CellGroups::by(group_by);
  if (!groups) return std::unexpected(std::move(groups.error()));
  Question question(client_, filter);
  if (auto failure = question.add_up(*groups)) return std::unexpected(*failure);
  return groups->sums();
}

std::expected<std::vector<policy::CounterRef>, RedisUsage::Error> RedisUsage::counters() {
  std::set<std::string> keys;  // a scan may show one twice
  std::string cursor = "0";
  do {
    const auto reply = client_.ask(
        redis_command({"SSCAN", client_.ledger().prefix() + "counters", cursor, "COUNT", "1000"}));
    if (!reply) return std::unexpected(reply.error());
    cursor = reply->value().at(0).text();
    const RedisValue members = reply->value().at(1);
    for (std::size_t i = 0; i < members.size(); ++i) keys.emplace(members.at(i).text());
  } while (cursor != "0");
  std::vector<policy::CounterRef> counters;
  for (const std::string& key : keys) {
    policy::CounterRef& counter = counters.emplace_back();
    counter.key = key;
    const std::size_t first = key.find('|');
    const std::size_t last = key.rfind('|');
    if (first != last) counter.partition = key.substr(first + 1, last - first - 1);
  }
  return counters;
}

}  // namespace budget::ledger
