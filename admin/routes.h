// The API's table: the one place that says what there is.
#pragma once

#include <span>

#include "admin/router.h"

namespace budget::admin {

[[nodiscard]] std::span<const Route> routes();

}  // namespace budget::admin
