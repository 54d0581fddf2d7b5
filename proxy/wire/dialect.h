// How one vendor's endpoint differs from the format it speaks. What needs no
// telling apart is not here: cached tokens are read under all of their names, and
// a total_tokens above the parts is charged, whoever sends it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pricing/estimate.h"

namespace budget::wire {

// One row of the dialect table (dialect.cc); adding a vendor is adding a row.
struct Dialect {
  std::string_view name;         // "openai", "azure", "xai", "mistral", …, "generic"
  std::string_view host_suffix;  // "api.x.ai"; "" for none
  pricing::Vendor vendor = pricing::Vendor::other;
  bool ask_for_usage = false;             // stream_options.include_usage is understood
  bool usage_without_asking = false;      // streams report usage anyway
  bool reasoning_outside_output = false;  // xAI: completion_tokens excludes reasoning
  bool max_completion_tokens = false;     // what a ceiling added to a chat call is called
};

// The dialect of a provider: by `name` if it is the name of a row (a
// configured `dialect:` or the provider's own name), else by the URL's host,
// else "generic". Never fails.
[[nodiscard]] const Dialect& dialect_of(std::string_view name, std::string_view url_host);
// nullptr when no row has that name.
[[nodiscard]] const Dialect* dialect_named(std::string_view name);
// The names of all rows, each once.
[[nodiscard]] std::vector<std::string> dialect_names();

}  // namespace budget::wire
