// The ledger's steps as Lua, each one atomic on the server.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace budget::ledger {

enum class Script : std::uint8_t {
  reserve,
  extend,
  settle,
  release,
  reap,
  record,
  allocate,
  allocation,
  read,
  find,
};
inline constexpr std::size_t script_count = 10;

// What the scripts are told once, as constants in their text.
struct ScriptSettings {
  // How long an id that was settled or released is known to be over.
  std::chrono::hours calls_remembered{24};
  // How long records and sums are kept, and a record can be corrected.
  std::chrono::hours usage_retention{24 * 90};
  // Seam: changes a script's text, so that a test can plant a mistake.
  std::function<void(std::string&)> edit;
};

// The texts, composed of lua/*.lua, and their SHA-1 names. Equal settings give
// equal texts, so replicas share what the server has compiled. Immutable.
class Scripts {
 public:
  explicit Scripts(const ScriptSettings& settings);

  [[nodiscard]] const std::string& text(Script script) const { return of(script).text; }
  [[nodiscard]] const std::string& sha(Script script) const { return of(script).sha; }  // hex

 private:
  struct Entry {
    std::string text, sha;
  };
  [[nodiscard]] const Entry& of(Script script) const {
    return entries_[static_cast<std::size_t>(script)];
  }

  std::array<Entry, script_count> entries_;
};

// Parts of the scripts that tests run by themselves: "integer" and "limits".
[[nodiscard]] std::string script_arithmetic();

}  // namespace budget::ledger
