#include "policy/problem_list.h"

#include <fmt/core.h>

namespace budget::policy {

std::string ConfigProblem::to_string() const {
  if (line == 0) return fmt::format("{}: {}", file, message);
  return fmt::format("{}:{}:{}: {}", file, line, column, message);
}

}  // namespace budget::policy
