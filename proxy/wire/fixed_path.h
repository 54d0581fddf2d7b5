// Routes of a format whose paths hold nothing variable.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "proxy/wire/format.h"

namespace budget::wire {

// One row of such a format's table.
struct FixedPath {
  template <class Call>
  constexpr FixedPath(std::string_view where, Operation what, Billing how, Call call)
      : path(where), operation(what), billing(how), variant(static_cast<std::uint8_t>(call)) {}

  std::string_view path;
  Operation operation;
  Billing billing;
  std::uint8_t variant;  // Route::variant: which of the format's calls it is
};

// What a POST to `path` asks for; nullopt when no row is it.
[[nodiscard]] std::optional<Route> fixed_route(const Format& format,
                                               std::span<const FixedPath> rows,
                                               std::string_view method, std::string_view path);

}  // namespace budget::wire
