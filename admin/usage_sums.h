// Sums of usage as the API tells them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/input.h"
#include "policy/ledger/usage_store.h"

namespace budget::admin {

struct Grouping {
  std::vector<std::string> words;        // as the API says them
  std::vector<std::string> store_words;  // the same as the store does
};

// Reads `group_by`: a list, or in a query one text with commas. What is wrong
// is noted in `input`.
[[nodiscard]] Grouping read_grouping(Input& input);

// The figures of a sum, without its group.
[[nodiscard]] json::object sums_json(const ledger::UsageSum& sum);
// {"NAME": value, …}; the group's values from `first` on.
[[nodiscard]] json::object group_json(const std::vector<std::string>& names,
                                      const ledger::UsageSum& sum, std::size_t first = 0);

}  // namespace budget::admin
