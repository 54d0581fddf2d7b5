#include "policy/ledger/sqlite_usage.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <variant>

#include "policy/ledger/codec.h"
#include "policy/ledger/limits.h"

namespace budget::ledger {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
// The first half is implied by the second, and lets the partial index serve.
constexpr std::string_view kInSets =
    "policy_set <> 0 AND policy_set IN (SELECT policy_set FROM policies_in_sets WHERE ";
constexpr std::string_view kSums =
    "requests, input, output, cache_read, cache_write, reasoning, input_cost, output_cost, "
    "total_cost, estimated";

std::int64_t ms_of(policy::Time time) {
  return time.time_since_epoch().count();
}

// Conditions with their values, in order, so that nothing a caller says is
// ever part of the SQL.
struct Where {
  std::string sql = "1";
  std::vector<std::variant<std::int64_t, std::string>> values;

  void add(std::string_view condition, std::variant<std::int64_t, std::string> value) {
    sql += " AND ";
    sql += condition;
    values.push_back(std::move(value));
  }
  // Binds from `first` on; the index after the last.
  int bind(Statement& statement, int first) const {
    for (const auto& value : values) {
      if (const auto* number = std::get_if<std::int64_t>(&value)) {
        statement.bind(first++, *number);
      } else {
        statement.bind(first++, std::string_view(std::get<std::string>(value)));
      }
    }
    return first;
  }
};

void add_labels(Where& where, const UsageFilter& filter) {
  const std::pair<const char*, const std::string*> labels[] = {
      {"provider = ?", &filter.provider},   {"model = ?", &filter.model},
      {"component = ?", &filter.component}, {"task_type = ?", &filter.task_type},
      {"user = ?", &filter.user},           {"key_id = ?", &filter.key_id}};
  for (const auto& [condition, value] : labels) {
    if (!value->empty()) where.add(condition, *value);
  }
}

Where where_of(const UsageFilter& filter) {
  Where where;
  if (filter.start) where.add("timestamp >= ?", ms_of(*filter.start));
  if (filter.end) where.add("timestamp < ?", ms_of(*filter.end));
  add_labels(where, filter);
  if (!filter.context_id.empty()) where.add("context_id = ?", filter.context_id);
  if (!filter.request_id.empty()) where.add("request_id = ?", filter.request_id);
  if (!filter.policy_id.empty()) {
    where.add(std::string(kInSets) + "policy = ?)", filter.policy_id);
  }
  if (!filter.budget.empty()) {
    // A policy's id is "budget/policy"; '0' is the character behind '/'.
    where.add(std::string(kInSets) + "policy > ? AND policy < ?)", filter.budget + "/");
    where.values.emplace_back(filter.budget + "0");
  }
  if (filter.tag) {
    where.sql += " AND sequence IN (SELECT sequence FROM record_tags WHERE name = ? AND value = ?)";
    where.values.emplace_back(filter.tag->first);
    where.values.emplace_back(filter.tag->second);
  }
  return where;
}

// NAME of "tag.NAME".
std::optional<std::string_view> tag_name_in(std::string_view group) {
  constexpr std::string_view prefix = "tag.";
  if (!group.starts_with(prefix) || group.size() == prefix.size()) return std::nullopt;
  return group.substr(prefix.size());
}

// What a group is by, as SQL over a column `at` in milliseconds.
std::optional<std::string> expression_of(std::string_view name) {
  constexpr std::array<std::string_view, 8> columns = {
      "provider", "model", "component", "task_type", "user", "context_id", "key_id", "operation"};
  if (std::ranges::find(columns, name) != columns.end()) return std::string(name);
  if (name == "status") return "CAST(status AS TEXT)";
  const auto moment = [](std::string_view format) {
    return "strftime('" + std::string(format) + "', at / 1000, 'unixepoch')";
  };
  if (name == "minute") return moment("%Y-%m-%dT%H:%MZ");
  if (name == "hour") return moment("%Y-%m-%dT%H:00Z");
  if (name == "day") return moment("%Y-%m-%d");
  // The Monday: on to the next Sunday, unless it is one, and six days back.
  if (name == "week") return "date(at / 1000, 'unixepoch', 'weekday 0', '-6 days')";
  if (name == "month") return moment("%Y-%m");
  if (name == "tag") return "coalesce(tag, '')";
  if (tag_name_in(name)) {
    return "coalesce((SELECT value FROM record_tags WHERE record_tags.sequence = used.sequence "
           "AND record_tags.name = ?), '')";
  }
  return std::nullopt;
}

// Whether the hourly sums know enough to answer.
bool rollups_suffice(const UsageFilter& filter, const std::vector<std::string>& group_by) {
  if (!filter.context_id.empty() || !filter.policy_id.empty() || !filter.budget.empty() ||
      !filter.request_id.empty() || filter.tag) {
    return false;
  }
  return std::ranges::none_of(group_by, [](const std::string& name) {
    return name == "context_id" || name == "minute" || name == "tag" || tag_name_in(name);
  });
}

std::string from_records(const Where& where) {
  return "SELECT timestamp AS at, provider, model, component, task_type, user, context_id, key_id, "
         "operation, status, 1 AS requests, input, output, cache_read, cache_write, reasoning, "
         "input_cost, output_cost, total_cost, estimated, sequence FROM records WHERE " +
         where.sql;
}

std::string from_rollups(const Where& where) {
  return "SELECT hour AS at, provider, model, component, task_type, user, '' AS context_id, "
         "key_id, "
         "operation, status, " +
         std::string(kSums) + ", 0 AS sequence FROM rollups WHERE " + where.sql;
}

struct Source {
  std::string sql;
  std::vector<Where> wheres;
};

// Whole hours from the rollups, and what sticks out at either end from the
// records.
Source source_of(const UsageFilter& filter, const std::vector<std::string>& group_by) {
  if (!rollups_suffice(filter, group_by)) {
    Where where = where_of(filter);
    return {from_records(where), {std::move(where)}};
  }
  const auto up = [](std::int64_t ms) { return (ms + kHourMs - 1) / kHourMs * kHourMs; };
  const std::int64_t start = filter.start ? ms_of(*filter.start) : 0;
  const std::int64_t end = filter.end ? ms_of(*filter.end) : INT64_MAX / 2;
  const std::int64_t first_hour = up(start);
  const std::int64_t last_hour = filter.end ? end / kHourMs * kHourMs : end;
  if (first_hour >= last_hour) {
    Where where = where_of(filter);
    return {from_records(where), {std::move(where)}};
  }
  Where hours;
  hours.add("hour >= ?", first_hour);
  hours.add("hour < ?", last_hour);
  add_labels(hours, filter);
  Source source{from_rollups(hours), {hours}};
  for (const auto& [from, to] : {std::pair{start, first_hour}, std::pair{last_hour, end}}) {
    if (from >= to) continue;
    UsageFilter edge = filter;
    edge.start = policy::Time(std::chrono::milliseconds(from));
    edge.end = policy::Time(std::chrono::milliseconds(to));
    Where where = where_of(edge);
    source.sql += " UNION ALL " + from_records(where);
    source.wheres.push_back(std::move(where));
  }
  return source;
}

UsageSum sum_in(const Statement& row, std::size_t groups) {
  UsageSum sum;
  for (std::size_t i = 0; i < groups; ++i) sum.group.push_back(row.text(static_cast<int>(i)));
  int column = static_cast<int>(groups);
  const auto next = [&] { return row.number(column++); };
  sum.requests = next();
  for (pricing::Tokens* tokens :
       {&sum.input, &sum.output, &sum.cache_read, &sum.cache_write, &sum.reasoning}) {
    *tokens = pricing::Tokens(next());
  }
  for (pricing::Money* money : {&sum.input_cost, &sum.output_cost, &sum.total_cost}) {
    *money = pricing::Money(next());
  }
  sum.estimated = next();
  return sum;
}

}  // namespace

std::expected<std::unique_ptr<SqliteUsage>, std::string> SqliteUsage::open(const std::string& path,
                                                                           CatchUp catch_up) {
  auto database = Database::open(path, true);
  if (!database) return std::unexpected(std::move(database.error()));
  return std::unique_ptr<SqliteUsage>(new SqliteUsage(std::move(*database), std::move(catch_up)));
}

std::expected<void, SqliteUsage::Error> SqliteUsage::check() {
  if (database_->ok()) return {};
  return std::unexpected(database_->take_error());
}

std::expected<RecordPage, SqliteUsage::Error> SqliteUsage::records(const UsageFilter& filter,
                                                                   int page, int limit) {
  if (auto caught_up = catch_up_(); !caught_up) return std::unexpected(caught_up.error());
  const std::scoped_lock lock(mutex_);
  const Where where = where_of(filter);
  RecordPage answer;
  database_->run("BEGIN");  // one view for the count and the page
  Statement count(*database_, "SELECT count(*) FROM records WHERE " + where.sql);
  where.bind(count, 1);
  if (count.next()) answer.total = count.number(0);
  Statement rows(*database_, "SELECT body FROM records WHERE " + where.sql +
                                 " ORDER BY timestamp DESC, sequence DESC LIMIT ? OFFSET ?");
  const int next = where.bind(rows, 1);
  rows.bind(next, limit).bind(next + 1, std::int64_t{page - 1} * limit);
  while (rows.next()) {
    Decoder decoder(rows.bytes(0));
    answer.records.push_back(decoder.record());
  }
  count.reset();
  rows.reset();
  database_->run("COMMIT");
  if (auto fine = check(); !fine) return std::unexpected(fine.error());
  return answer;
}

std::expected<std::vector<UsageSum>, SqliteUsage::Error> SqliteUsage::summary(
    const UsageFilter& filter, const std::vector<std::string>& group_by) {
  std::string columns, numbers;
  for (std::size_t i = 0; i < group_by.size(); ++i) {
    const auto expression = expression_of(group_by[i]);
    if (!expression) return std::unexpected("cannot group by '" + group_by[i] + "'");
    columns += *expression + ", ";
    numbers += (i > 0 ? ", " : " GROUP BY ") + std::to_string(i + 1);
  }
  if (auto caught_up = catch_up_(); !caught_up) return std::unexpected(caught_up.error());
  const std::scoped_lock lock(mutex_);
  const Source source = source_of(filter, group_by);
  // A record with several tags is in the group of each.
  const std::string tags = std::ranges::count(group_by, "tag") == 0
                               ? ""
                               : " LEFT JOIN (SELECT sequence AS tagged, name || '=' || value AS "
                                 "tag FROM record_tags) ON tagged = used.sequence";
  // An hour that a correction has emptied is not a group.
  Statement rows(*database_,
                 "SELECT " + columns +
                     "sum(requests), sum(input), sum(output), sum(cache_read), sum(cache_write), "
                     "sum(reasoning), sum(input_cost), sum(output_cost), sum(total_cost), "
                     "sum(estimated) FROM (" +
                     source.sql + ") AS used" + tags + numbers +
                     " HAVING sum(requests) > 0 ORDER BY sum(total_cost) DESC LIMIT ?");
  int next = 1;
  for (const std::string& name : group_by) {
    if (const auto tag = tag_name_in(name)) rows.bind(next++, *tag);
  }
  for (const Where& where : source.wheres) next = where.bind(rows, next);
  rows.bind(next, groups_max);
  std::vector<UsageSum> sums;
  while (rows.next()) sums.push_back(sum_in(rows, group_by.size()));
  if (auto fine = check(); !fine) return std::unexpected(fine.error());
  return sums;
}

std::expected<std::optional<StoredRecord>, SqliteUsage::Error> SqliteUsage::find(
    const std::string& request_id) {
  if (auto caught_up = catch_up_(); !caught_up) return std::unexpected(caught_up.error());
  const std::scoped_lock lock(mutex_);
  Statement row(*database_,
                "SELECT counters, body FROM records WHERE request_id = ?1 "
                "ORDER BY sequence DESC LIMIT 1");
  row.bind(1, std::string_view(request_id));
  std::optional<StoredRecord> found;
  if (row.next()) {
    found.emplace();
    Decoder body(row.bytes(1));
    found->record = body.record();
    Decoder counters(row.bytes(0));
    Statement counter(*database_, "SELECT ref FROM counters WHERE number = ?1");
    for (std::size_t left = counters.count(); left > 0; --left) {
      const std::int64_t number = counters.number();
      counter.bind(1, number);
      if (counter.next()) {
        Decoder ref(counter.bytes(0));
        found->counters.emplace_back(number, ref.counter().key);
      }
      counter.reset();
    }
  }
  if (auto fine = check(); !fine) return std::unexpected(fine.error());
  return found;
}

std::expected<bool, SqliteUsage::Error> SqliteUsage::was_released(const std::string& request_id) {
  if (auto caught_up = catch_up_(); !caught_up) return std::unexpected(caught_up.error());
  const std::scoped_lock lock(mutex_);
  Statement row(*database_, "SELECT 1 FROM released WHERE id = ?1");
  row.bind(1, std::string_view(request_id));
  const bool released = row.next();
  if (auto fine = check(); !fine) return std::unexpected(fine.error());
  return released;
}

}  // namespace budget::ledger
