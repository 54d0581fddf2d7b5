#include "proxy/serve.h"

#include <cstdio>

#include "proxy/config.h"
#include "proxy/program.h"

namespace budget {

int serve(const ServeOptions& options) {
  auto config = load_config(options.config_file);
  if (!config) {
    for (const policy::ConfigProblem& problem : config.error()) {
      std::fprintf(stderr, "%s\n", problem.to_string().c_str());
    }
    return 1;
  }
  auto program = Program::make(*config);
  if (!program) {
    std::fprintf(stderr, "budget: %s\n", program.error().c_str());
    return 1;
  }
  (*program)->run();
  return 0;
}

}  // namespace budget
