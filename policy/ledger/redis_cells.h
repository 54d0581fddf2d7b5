// Sums that Redis keeps by hour and by day, read and put into groups.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/ledger/redis_client.h"
#include "policy/ledger/redis_record.h"
#include "policy/ledger/usage_store.h"

namespace budget::ledger {

// The parts of a cell's name; user and tags are "" where the cell has none.
struct CellParts {
  enum Part : std::size_t {
    user,
    tags,
    provider,
    model,
    component,
    task_type,
    key_id,
    operation,
    status,
    policies,
    count,
  };
  std::array<std::string_view, count> text;
  std::array<std::int64_t, 10> figures{};
};

// From "USER|TAGS|PROVIDER|…" (`detailed`) or "PROVIDER|…"; the figures are 0.
// nullopt where it is malformed. Views into `name`.
[[nodiscard]] std::optional<CellParts> parse_cell_name(std::string_view name, bool detailed);

// Which cells a filter's labels let through. What cells do not know (times,
// context, request id) is for the caller to see to.
class CellFilter {
 public:
  explicit CellFilter(const UsageFilter& filter);
  [[nodiscard]] bool passes(const CellParts& cell) const;
  // Whether only the detailed cells can tell.
  [[nodiscard]] bool detailed() const { return user_or_tag_; }
  // Whether it lets everything through.
  [[nodiscard]] bool empty() const {
    return conditions_.empty() && policy_.empty() && budget_.empty() && tag_.empty();
  }

 private:
  std::vector<std::pair<std::size_t, std::string>> conditions_;  // part, encoded value
  std::string policy_, budget_, tag_;                            // encoded; "" for any
  bool user_or_tag_ = false;
};

// What is added up, by group.
class CellGroups {
 public:
  // The error names the word that is none; the words are those of
  // UsageStore::summary().
  static std::expected<CellGroups, std::string> by(const std::vector<std::string>& words);

  [[nodiscard]] bool detailed() const { return detailed_; }
  // Whether an hour, or only a record, must be looked at to tell the groups.
  [[nodiscard]] bool by_hour() const { return by_hour_; }
  [[nodiscard]] bool by_record() const { return by_record_; }

  // When the cells that are added next are from; `exact` for one record.
  void at(policy::Time time);
  void add(const CellParts& cell, std::string_view context = {});
  // The dearest first, at most groups_max.
  [[nodiscard]] std::vector<UsageSum> sums() const;

 private:
  enum class Kind : std::uint8_t { part, context, time, tag, tag_named };
  struct Word {
    Kind kind = Kind::part;
    std::size_t part = 0;     // of a cell
    std::string_view format;  // of a time
    std::string name;         // of a tag, encoded
    bool week = false;
  };
  static std::optional<Word> word_of(std::string_view text);
  void add_group(const CellParts& cell, std::string_view context, std::string_view tag);

  std::vector<Word> words_;
  std::vector<std::string> times_;  // by word; those of the time that at() told
  bool detailed_ = false, by_hour_ = false, by_record_ = false;
  std::string key_;  // room for the next group's name
  std::unordered_map<std::string, std::array<std::int64_t, 10>> sums_;
};

// Reads the cells of many periods ("2026-11-24" or "2026-11-24T13") and calls
// `each` for every one of them, with the period's index, as they come. Costs
// Redis at most about a millisecond at a time and holds a bounded part in
// memory. The error is a sentence.
[[nodiscard]] std::expected<void, std::string> read_cells(
    RedisClient& client, bool detailed, const std::vector<std::string>& periods,
    const std::function<void(std::size_t period, const CellParts& cell)>& each);

}  // namespace budget::ledger
