// Which tokens set aside a call draws on that names none itself.
#pragma once

#include <string>
#include <string_view>

#include "policy/clock.h"

namespace budget::admin {

// Seam. Thread-safe; asked for every call that has a context: never blocks on
// the store, and costs a look-up.
class AllocationDirectory {
 public:
  virtual ~AllocationDirectory() = default;
  // The latest allocation for this context that is open, as far as is known
  // here, and was not made for another component; "" where there is none.
  [[nodiscard]] virtual std::string of_context(std::string_view context_id,
                                               std::string_view component,
                                               policy::Time now) const = 0;
};

}  // namespace budget::admin
