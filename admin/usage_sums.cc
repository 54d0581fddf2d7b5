#include "admin/usage_sums.h"

#include <algorithm>
#include <array>
#include <utility>

#include "admin/json_parts.h"

namespace budget::admin {
namespace {

// The API's word for a group, and the store's.
constexpr std::array<std::pair<std::string_view, std::string_view>, 15> groups{
    {{"provider", "provider"},
     {"model", "model"},
     {"component", "component"},
     {"task_type", "task_type"},
     {"user", "user"},
     {"context_id", "context_id"},
     {"key", "key_id"},
     {"operation", "operation"},
     {"status", "status"},
     {"tag", "tag"},
     {"minute", "minute"},
     {"hour", "hour"},
     {"day", "day"},
     {"week", "week"},
     {"month", "month"}}};

std::optional<std::string> store_word(const std::string& word) {
  constexpr std::string_view tag = "tag.";
  if (word.starts_with(tag) && word.size() > tag.size()) return word;
  for (const auto& [name, store] : groups) {
    if (name == word) return std::string(store);
  }
  return std::nullopt;
}

// A query has one text where a body may have a list.
std::vector<std::string> split(std::vector<std::string> words) {
  if (words.size() != 1) return words;
  std::vector<std::string> parts;
  const std::string all = std::move(words.front());
  for (std::size_t from = 0; from <= all.size();) {
    const std::size_t comma = std::min(all.find(',', from), all.size());
    parts.push_back(all.substr(from, comma - from));
    from = comma + 1;
  }
  return parts;
}

}  // namespace

Grouping read_grouping(Input& input) {
  Grouping grouping;
  grouping.words = split(input.texts("group_by").value_or(grouping.words));
  for (const std::string& word : grouping.words) {
    auto known = store_word(word);
    if (known && std::count(grouping.words.begin(), grouping.words.end(), word) == 1) {
      grouping.store_words.push_back(std::move(*known));
      continue;
    }
    std::string message = "names '" + word + "'; there are, each once:";
    for (const auto& [name, store] : groups) message.append(" ").append(name);
    input.complain("group_by", message + " tag.NAME");
    break;
  }
  return grouping;
}

json::object sums_json(const ledger::UsageSum& sum) {
  json::object object{{"requests", sum.requests},
                      {"input_tokens", sum.input.value()},
                      {"output_tokens", sum.output.value()},
                      {"total_tokens", (sum.input + sum.output).value()},
                      {"cache_read_tokens", sum.cache_read.value()},
                      {"cache_write_tokens", sum.cache_write.value()},
                      {"reasoning_tokens", sum.reasoning.value()},
                      {"estimated", sum.estimated}};
  put_money(object, "input_cost", sum.input_cost);
  put_money(object, "output_cost", sum.output_cost);
  put_money(object, "total_cost", sum.total_cost);
  return object;
}

json::object group_json(const std::vector<std::string>& names, const ledger::UsageSum& sum,
                        std::size_t first) {
  json::object group;
  for (std::size_t i = 0; i < names.size() && first + i < sum.group.size(); ++i) {
    group[names[i]] = sum.group[first + i];
  }
  return group;
}

}  // namespace budget::admin
