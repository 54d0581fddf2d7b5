// ${NAME} and ${NAME:-default} in scalar values.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace budget::policy {

// Looks an environment variable up; nullopt when unset.
using EnvironmentLookup = std::function<std::optional<std::string>(std::string_view name)>;

struct Expanded {
  std::string text;
  std::vector<std::string> unset;  // variables without a value and without a default
};

// Replaces ${NAME} by the variable's value and ${NAME:-default} by its default
// where the variable is unset or empty. `$${` stands for `${` itself; any other
// `$` is plain. What comes out is never read again, neither as YAML nor for
// further variables. The error is a sentence and quotes no value.
[[nodiscard]] std::expected<Expanded, std::string> expand_variables(
    std::string_view text, const EnvironmentLookup& environment);

}  // namespace budget::policy
