#include "policy/ledger/redis_cells.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <unordered_set>
#include <utility>

#include "policy/ledger/limits.h"
#include "policy/ledger/percent.h"
#include "policy/partition.h"

namespace budget::ledger {
namespace {

// Cells that one command may answer with: about half a millisecond of Redis.
constexpr std::int64_t kCellsAtOnce = 1'000;
// Cells asked for in one go, and keys whose sizes are.
constexpr std::int64_t kCellsUnderWay = 8'000;
constexpr std::size_t kKeysUnderWay = 256;

std::string encoded(std::string_view text) {
  std::string out;
  policy::append_encoded(out, text);
  return out;
}

// Of what this ledger encoded itself.
std::string decoded(std::string_view text) {
  return percent_decoded(text).value_or(std::string(text));
}

// Calls `part` for each part between commas until it returns true; whether one
// did.
template <class F>
bool any_part(std::string_view text, F part) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (part(text.substr(0, comma))) return true;
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return false;
}

std::string moment(policy::Time time, const char* format) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof(text), format, &parts)};
}

}  // namespace

std::optional<CellParts> parse_cell_name(std::string_view name, bool detailed) {
  CellParts cell;
  std::size_t part = detailed ? CellParts::user : CellParts::provider;
  for (;; ++part) {
    if (part == CellParts::count) return std::nullopt;
    const std::size_t bar = name.find('|');
    cell.text[part] = name.substr(0, bar);
    if (bar == std::string_view::npos) break;
    name.remove_prefix(bar + 1);
  }
  if (part + 1 != CellParts::count) return std::nullopt;
  return cell;
}

CellFilter::CellFilter(const UsageFilter& filter) {
  const std::pair<std::size_t, const std::string*> labels[] = {
      {CellParts::provider, &filter.provider},   {CellParts::model, &filter.model},
      {CellParts::component, &filter.component}, {CellParts::task_type, &filter.task_type},
      {CellParts::user, &filter.user},           {CellParts::key_id, &filter.key_id}};
  for (const auto& [part, value] : labels) {
    if (!value->empty()) conditions_.emplace_back(part, encoded(*value));
  }
  policy_ = encoded(filter.policy_id);
  // A policy's id is "budget/policy".
  if (!filter.budget.empty()) budget_ = encoded(filter.budget + "/");
  if (filter.tag) tag_ = encoded(filter.tag->first) + "=" + encoded(filter.tag->second);
  user_or_tag_ = !filter.user.empty() || filter.tag.has_value();
}

bool CellFilter::passes(const CellParts& cell) const {
  for (const auto& [part, value] : conditions_) {
    if (cell.text[part] != value) return false;
  }
  const std::string_view policies = cell.text[CellParts::policies];
  const auto among = [](std::string_view list, std::string_view wanted) {
    return any_part(list, [wanted](std::string_view each) { return each == wanted; });
  };
  if (!policy_.empty() && !among(policies, policy_)) return false;
  if (!tag_.empty() && !among(cell.text[CellParts::tags], tag_)) return false;
  return budget_.empty() ||
         any_part(policies, [this](std::string_view each) { return each.starts_with(budget_); });
}

std::optional<CellGroups::Word> CellGroups::word_of(std::string_view text) {
  static constexpr std::pair<std::string_view, std::size_t> parts[] = {
      {"provider", CellParts::provider},   {"model", CellParts::model},
      {"component", CellParts::component}, {"task_type", CellParts::task_type},
      {"user", CellParts::user},           {"key_id", CellParts::key_id},
      {"operation", CellParts::operation}, {"status", CellParts::status}};
  static constexpr std::pair<std::string_view, std::string_view> times[] = {
      {"minute", "%Y-%m-%dT%H:%MZ"},
      {"hour", "%Y-%m-%dT%H:00Z"},
      {"day", "%Y-%m-%d"},
      {"week", "%Y-%m-%d"},
      {"month", "%Y-%m"}};
  Word word;
  for (const auto& [name, part] : parts) {
    word.part = part;
    if (name == text) return word;
  }
  for (const auto& [name, format] : times) {
    if (name != text) continue;
    word.kind = Kind::time;
    word.format = format;
    word.week = name == "week";
    return word;
  }
  if (text == "context_id" || text == "tag") {
    word.kind = text == "tag" ? Kind::tag : Kind::context;
    return word;
  }
  constexpr std::string_view prefix = "tag.";
  if (!text.starts_with(prefix) || text.size() == prefix.size()) return std::nullopt;
  word.kind = Kind::tag_named;
  word.name = encoded(text.substr(prefix.size())) + "=";
  return word;
}

std::expected<CellGroups, std::string> CellGroups::by(const std::vector<std::string>& words) {
  CellGroups groups;
  for (const std::string& text : words) {
    auto word = word_of(text);
    if (!word) return std::unexpected("cannot group by '" + text + "'");
    groups.detailed_ |= word->kind == Kind::tag || word->kind == Kind::tag_named ||
                        (word->kind == Kind::part && word->part == CellParts::user);
    groups.by_hour_ |= text == "hour";
    groups.by_record_ |= text == "minute" || word->kind == Kind::context;
    groups.words_.push_back(std::move(*word));
  }
  groups.times_.resize(groups.words_.size());
  return groups;
}

void CellGroups::at(policy::Time time) {
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (words_[i].kind != Kind::time) continue;
    policy::Time told = time;
    if (words_[i].week) {
      const auto day = std::chrono::floor<std::chrono::days>(time);
      told = day - (std::chrono::weekday(day) - std::chrono::Monday);
    }
    times_[i] = moment(told, std::string(words_[i].format).c_str());
  }
}

void CellGroups::add(const CellParts& cell, std::string_view context) {
  const bool by_tag =
      std::ranges::any_of(words_, [](const Word& word) { return word.kind == Kind::tag; });
  const std::string_view tags = cell.text[CellParts::tags];
  if (!by_tag || tags.empty()) return add_group(cell, context, {});
  // A record with several tags is in the group of each.
  any_part(tags, [&](std::string_view tag) {
    add_group(cell, context, tag);
    return false;
  });
}

void CellGroups::add_group(const CellParts& cell, std::string_view context, std::string_view tag) {
  key_.clear();
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const Word& word = words_[i];
    if (i > 0) key_ += '|';
    switch (word.kind) {
      case Kind::part:
        key_ += cell.text[word.part];
        break;
      case Kind::context:
        key_ += context;
        break;
      case Kind::time:
        key_ += times_[i];
        break;
      case Kind::tag:
        key_ += tag;
        break;
      case Kind::tag_named:
        any_part(cell.text[CellParts::tags], [&](std::string_view each) {
          if (!each.starts_with(word.name)) return false;
          key_ += each.substr(word.name.size());
          return true;
        });
        break;
    }
  }
  auto& sum = sums_.try_emplace(key_).first->second;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    // Saturating, as everywhere.
    sum[i] = (pricing::Tokens(sum[i]) + pricing::Tokens(cell.figures[i])).value();
  }
}

std::vector<UsageSum> CellGroups::sums() const {
  using Entry = std::pair<const std::string, std::array<std::int64_t, 10>>;
  std::vector<const Entry*> order;
  order.reserve(sums_.size());
  for (const Entry& entry : sums_) {
    if (entry.second[0] > 0) order.push_back(&entry);
  }
  constexpr std::size_t total_cost = 8;
  const auto most = std::min(order.size(), static_cast<std::size_t>(groups_max));
  std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(most),
                            [](const Entry* a, const Entry* b) {
                              if (a->second[total_cost] != b->second[total_cost]) {
                                return a->second[total_cost] > b->second[total_cost];
                              }
                              return a->first < b->first;
                            });
  order.resize(most);
  std::vector<UsageSum> sums;
  sums.reserve(order.size());
  for (const Entry* entry : order) {
    UsageSum& sum = sums.emplace_back();
    std::string_view rest = entry->first;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const std::size_t bar = std::min(rest.find('|'), rest.size());
      const std::string_view text = rest.substr(0, bar);
      // Times are not encoded, and hold nothing that would be.
      sum.group.push_back(decoded(text));
      rest.remove_prefix(std::min(bar + 1, rest.size()));
    }
    const auto& figures = entry->second;
    sum.requests = figures[0];
    std::size_t next = 1;
    for (pricing::Tokens* tokens :
         {&sum.input, &sum.output, &sum.cache_read, &sum.cache_write, &sum.reasoning}) {
      *tokens = pricing::Tokens(figures[next++]);
    }
    for (pricing::Money* money : {&sum.input_cost, &sum.output_cost, &sum.total_cost}) {
      *money = pricing::Money(figures[next++]);
    }
    sum.estimated = figures[next];
  }
  return sums;
}

namespace {

using Each = std::function<void(std::size_t period, const CellParts& cell)>;

bool read_figures(std::string_view text, std::array<std::int64_t, 10>& figures) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::int64_t& figure : figures) {
    if (at != end && *at == ' ') ++at;
    const auto [next, failed] = std::from_chars(at, end, figure);
    if (failed != std::errc()) return false;
    at = next;
  }
  return true;
}

// What one period is read with.
struct CellReader {
  RedisClient& client;
  bool detailed;
  const Each& each;

  std::expected<void, std::string> deliver(std::size_t period, std::string_view name,
                                           std::string_view value) const {
    auto cell = parse_cell_name(name, detailed);
    if (!cell || !read_figures(value, cell->figures))
      return std::unexpected("a sum of usage in Redis cannot be read");
    each(period, *cell);
    return {};
  }
  std::expected<void, std::string> deliver_all(std::size_t period, RedisValue fields) const {
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
      auto fine = deliver(period, fields.at(i).text(), fields.at(i + 1).text());
      if (!fine) return fine;
    }
    return {};
  }
  // In steps, so that nobody waits long for a large one. A scan may show a
  // field twice, when the hash grows meanwhile.
  std::expected<void, std::string> scan(std::size_t period, const std::string& key) const {
    std::unordered_set<std::string> seen;
    std::string cursor = "0";
    do {
      auto reply =
          client.ask(redis_command({"HSCAN", key, cursor, "COUNT", std::to_string(kCellsAtOnce)}));
      if (!reply) return std::unexpected(std::move(reply.error()));
      cursor = reply->value().at(0).text();
      const RedisValue fields = reply->value().at(1);
      for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
        if (!seen.emplace(fields.at(i).text()).second) continue;
        auto fine = deliver(period, fields.at(i).text(), fields.at(i + 1).text());
        if (!fine) return fine;
      }
    } while (cursor != "0");
    return {};
  }
};

// How many cells each key has.
std::expected<std::vector<std::int64_t>, std::string> sizes_of(
    RedisClient& client, const std::vector<std::string>& keys) {
  std::vector<std::int64_t> sizes;
  sizes.reserve(keys.size());
  for (std::size_t from = 0; from < keys.size(); from += kKeysUnderWay) {
    std::vector<std::string> commands;
    for (std::size_t i = from; i < std::min(keys.size(), from + kKeysUnderWay); ++i) {
      commands.push_back(redis_command({"HLEN", keys[i]}));
    }
    auto replies = client.ask(std::move(commands));
    if (!replies) return std::unexpected(std::move(replies.error()));
    for (const RedisReply& reply : *replies) sizes.push_back(reply.value().integer());
  }
  return sizes;
}

}  // namespace

std::expected<void, std::string> read_cells(RedisClient& client, bool detailed,
                                            const std::vector<std::string>& periods,
                                            const Each& each) {
  const CellReader reader{client, detailed, each};
  std::vector<std::string> keys;
  keys.reserve(periods.size());
  for (const std::string& period : periods) {
    keys.push_back(client.ledger().prefix() + (detailed ? "detail:" : "rollup:") + period);
  }
  const auto sizes = sizes_of(client, keys);
  if (!sizes) return std::unexpected(sizes.error());
  for (std::size_t next = 0; next < keys.size();) {
    if ((*sizes)[next] > kCellsAtOnce) {
      if (auto fine = reader.scan(next, keys[next]); !fine) return fine;
      ++next;
      continue;
    }
    std::vector<std::string> commands;
    const std::size_t first = next;
    for (std::int64_t cells = 0; next < keys.size() && (*sizes)[next] <= kCellsAtOnce &&
                                 cells < kCellsUnderWay && next - first < kKeysUnderWay;
         ++next) {
      cells += (*sizes)[next];
      commands.push_back(redis_command({"HGETALL", keys[next]}));
    }
    const auto replies = client.ask(std::move(commands));
    if (!replies) return std::unexpected(replies.error());
    for (std::size_t i = 0; i < replies->size(); ++i) {
      if (auto fine = reader.deliver_all(first + i, (*replies)[i].value()); !fine) return fine;
    }
  }
  return {};
}

}  // namespace budget::ledger
