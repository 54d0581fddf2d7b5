// How many tokens a text is, as the API counts them.
#pragma once

#include <string>

#include "pricing/estimate.h"

namespace budget::admin {

// Whose rules count input for a model of this name.
[[nodiscard]] pricing::Vendor vendor_of(const std::string& model);

}  // namespace budget::admin
