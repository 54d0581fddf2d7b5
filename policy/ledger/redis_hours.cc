#include "policy/ledger/redis_hours.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "policy/ledger/redis_record.h"
#include "policy/partition.h"

namespace budget::ledger {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr std::size_t kDayLength = 10;  // of "2026-11-24"
constexpr std::size_t kEntriesAtOnce = 200;
constexpr std::size_t kCommandsAtOnce = 256;

std::string encoded(std::string_view text) {
  std::string out;
  policy::append_encoded(out, text);
  return out;
}

std::int64_t number_in(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Of "2026-11-24T13"; nullopt for anything else.
std::optional<policy::Time> time_of(const std::string& hour) {
  int year = 0;
  unsigned month = 0, day = 0;
  int of_day = 0;
  if (std::sscanf(hour.c_str(), "%d-%u-%uT%d", &year, &month, &day, &of_day) != 4) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  return policy::Time(std::chrono::sys_days(date)) + hours(of_day);
}

// Every hour that has records, oldest first.
std::expected<std::vector<UsagePiece>, std::string> all_hours(RedisClient& client) {
  auto reply = client.ask(redis_command({"ZRANGE", client.ledger().prefix() + "hours", "0", "-1"}));
  if (!reply) return std::unexpected(std::move(reply.error()));
  std::vector<UsagePiece> pieces;
  for (std::size_t i = 0; i < reply->value().size(); ++i) {
    UsagePiece piece;
    piece.name = reply->value().at(i).text();
    const auto start = time_of(piece.name);
    if (!start) continue;
    piece.start = *start;
    pieces.push_back(std::move(piece));
  }
  std::ranges::sort(pieces, {}, &UsagePiece::start);
  return pieces;
}

// Leaves the hours in which the context was heard of.
std::expected<void, std::string> leave_those_with(RedisClient& client, const std::string& context,
                                                  std::vector<UsagePiece>& pieces) {
  const std::string name = encoded(context);
  std::vector<UsagePiece> left;
  for (std::size_t from = 0; from < pieces.size(); from += kCommandsAtOnce) {
    const std::size_t end = std::min(pieces.size(), from + kCommandsAtOnce);
    std::vector<std::string> commands;
    for (std::size_t i = from; i < end; ++i) {
      commands.push_back(redis_command(
          {"HEXISTS", client.ledger().prefix() + "contexts:" + pieces[i].name, name}));
    }
    const auto replies = client.ask(std::move(commands));
    if (!replies) return std::unexpected(replies.error());
    for (std::size_t i = from; i < end; ++i) {
      if ((*replies)[i - from].value().integer() != 0) left.push_back(std::move(pieces[i]));
    }
  }
  pieces = std::move(left);
  return {};
}

bool takes_all(const UsageFilter& filter, policy::Time start, policy::Time::duration length) {
  return (!filter.start || *filter.start <= start) &&
         (!filter.end || *filter.end >= start + length);
}

}  // namespace

std::expected<std::vector<UsagePiece>, std::string> pieces_of(RedisClient& client,
                                                              const UsageFilter& filter,
                                                              bool whole_days) {
  auto kept = all_hours(client);
  if (!kept) return kept;
  std::erase_if(*kept, [&filter](const UsagePiece& piece) {
    return (filter.start && piece.start + hours(1) <= *filter.start) ||
           (filter.end && piece.start >= *filter.end);
  });
  if (!filter.context_id.empty()) {
    if (auto fine = leave_those_with(client, filter.context_id, *kept); !fine) {
      return std::unexpected(std::move(fine.error()));
    }
  }
  std::vector<UsagePiece> pieces;
  for (UsagePiece& hour : *kept) {
    const policy::Time day = std::chrono::floor<days>(hour.start);
    if (whole_days && takes_all(filter, day, days(1))) {
      if (!pieces.empty() && pieces.back().day && pieces.back().start == day) continue;
      pieces.push_back({hour.name.substr(0, kDayLength), day, true, true});
    } else {
      hour.whole = takes_all(filter, hour.start, hours(1));
      pieces.push_back(std::move(hour));
    }
  }
  return pieces;
}

std::expected<std::vector<UsagePiece>, std::string> hours_of_day(RedisClient& client,
                                                                 const UsagePiece& day) {
  auto pieces = all_hours(client);
  if (!pieces) return pieces;
  std::erase_if(*pieces, [&day](const UsagePiece& hour) {
    return hour.start < day.start || hour.start >= day.start + days(1);
  });
  return pieces;
}

std::expected<void, std::string> scan_hour(
    RedisClient& client, const std::string& hour,
    const std::function<bool(std::string_view id, const EntryFields& fields)>& each) {
  const std::string key = client.ledger().prefix() + "usage:" + hour;
  std::string last = "+";
  EntryFields fields;
  for (;;) {
    const auto reply = client.ask(
        redis_command({"XREVRANGE", key, last, "-", "COUNT", std::to_string(kEntriesAtOnce)}));
    if (!reply) return std::unexpected(reply.error());
    const RedisValue entries = reply->value();
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const RedisValue words = entries.at(i).at(1);
      fields.clear();
      for (std::size_t j = 0; j + 1 < words.size(); j += 2) {
        fields.emplace_back(words.at(j).text(), words.at(j + 1).text());
      }
      if (!each(entries.at(i).at(0).text(), fields)) return {};
    }
    if (entries.size() < kEntriesAtOnce) return {};
    last = "(" + std::string(entries.at(entries.size() - 1).at(0).text());
  }
}

EntryFilter::EntryFilter(const UsageFilter& filter) : filter_(filter) {
  policy_ = encoded(filter.policy_id);
  if (!filter.budget.empty()) budget_ = encoded(filter.budget + "/");
  if (filter.tag) tag_ = encoded(filter.tag->first) + "=" + encoded(filter.tag->second);
}

bool EntryFilter::passes(const EntryFields& fields) const {
  const auto says = [](const std::string& wanted, std::string_view is) {
    return wanted.empty() || wanted == is;
  };
  const auto among = [](std::string_view list, const std::string& wanted, bool as_prefix) {
    while (!list.empty() && !wanted.empty()) {
      const std::size_t comma = std::min(list.find(','), list.size());
      const std::string_view part = list.substr(0, comma);
      if (as_prefix ? part.starts_with(wanted) : part == wanted) return true;
      list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return wanted.empty();
  };
  for (const auto& [name, value] : fields) {
    bool fine = true;
    if (name == "timestamp") {
      const policy::Time at{std::chrono::milliseconds(number_in(value))};
      fine = (!filter_.start || at >= *filter_.start) && (!filter_.end || at < *filter_.end);
    } else if (name == "request_id") {
      fine = says(filter_.request_id, value);
    } else if (name == "provider") {
      fine = says(filter_.provider, value);
    } else if (name == "model") {
      fine = says(filter_.model, value);
    } else if (name == "component") {
      fine = says(filter_.component, value);
    } else if (name == "task_type") {
      fine = says(filter_.task_type, value);
    } else if (name == "user") {
      fine = says(filter_.user, value);
    } else if (name == "context_id") {
      fine = says(filter_.context_id, value);
    } else if (name == "key_id") {
      fine = says(filter_.key_id, value);
    } else if (name == "tags") {
      fine = among(value, tag_, false);
    } else if (name == "policies") {
      fine = among(value, policy_, false) && among(value, budget_, true);
    }
    if (!fine) return false;
  }
  return true;
}

std::int64_t timestamp_of(const EntryFields& fields) {
  for (const auto& [name, value] : fields) {
    if (name == "timestamp") return number_in(value);
  }
  return 0;
}

std::int64_t milliseconds_of(std::string_view id) {
  return number_in(id);
}

}  // namespace budget::ledger
