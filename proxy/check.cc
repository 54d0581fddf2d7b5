#include "proxy/check.h"

#include <cstdio>

#include "proxy/config.h"
#include "proxy/pipeline/snapshot.h"

namespace budget {

int check_config(const std::string& file) {
  auto config = load_config(file);
  if (!config) {
    for (const policy::ConfigProblem& problem : config.error()) {
      std::fprintf(stderr, "%s\n", problem.to_string().c_str());
    }
    return 1;
  }
  const std::string summary = summarize(*config);
  // What only shows when it is put together: certificate authorities, policies
  // that contradict each other.
  auto snapshot = pipeline::make_snapshot(std::move(*config), pricing::Catalog::shipped());
  if (!snapshot) {
    std::fprintf(stderr, "%s: %s\n", file.c_str(), snapshot.error().c_str());
    return 1;
  }
  std::fputs(summary.c_str(), stdout);
  return 0;
}

}  // namespace budget
