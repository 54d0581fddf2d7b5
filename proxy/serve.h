// `budget serve`: everything put together, run, and taken apart again.
#pragma once

#include <string>

namespace budget {

struct ServeOptions {
  std::string config_file;
};

// Runs until it is told to stop. Returns the process's exit code: 0 after an
// orderly end, 1 when the configuration or the machine does not allow a start
// (said on standard error).
int serve(const ServeOptions& options);

}  // namespace budget
