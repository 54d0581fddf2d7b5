// `budget count-tokens`: how many tokens is this text? Offline.
#pragma once

#include <string>

namespace budget {

struct CountTokensOptions {
  std::string model;
  std::string encoding;         // with neither: o200k_base
  std::string format = "text";  // or "json"
  bool ids = false;
  std::string file;  // "" or "-": standard input
};

// Prints the number alone, or JSON, or the ids. Returns the exit code.
int count_tokens(const CountTokensOptions& options);

}  // namespace budget
