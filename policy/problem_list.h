// Everything that is wrong with a configuration, with its place.
#pragma once

#include <string>
#include <vector>

namespace budget::policy {

// Lines and columns from 1; 0 when the place is not known.
struct ConfigProblem {
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;  // what is wrong, and what to write instead

  // "FILE:LINE:COLUMN: message"
  [[nodiscard]] std::string to_string() const;
};

using ProblemList = std::vector<ConfigProblem>;

}  // namespace budget::policy
