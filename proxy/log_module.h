// The parts of the program that the log tells apart.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace budget {

enum class LogModule : std::uint8_t { calls, config, server, store, traces, upstream };

// By LogModule: as `telemetry.log.levels` and the lines name them.
inline constexpr std::array<std::string_view, 6> log_module_names{"calls", "config", "server",
                                                                  "store", "traces", "upstream"};

[[nodiscard]] constexpr std::string_view name_of(LogModule module) {
  return log_module_names[static_cast<std::size_t>(module)];
}

}  // namespace budget
