#include "policy/ledger/redis_scripts.h"

#include <openssl/evp.h>

#include <algorithm>
#include <initializer_list>

#include "policy/ledger/redis_record.h"
#include "policy/ledger/rolling_window.h"

#define BUDGET_LUA(name)                     \
  extern "C" const char budget_lua_##name[]; \
  extern "C" const char budget_lua_##name##_end[]

BUDGET_LUA(integer);
BUDGET_LUA(limits);
BUDGET_LUA(books);
BUDGET_LUA(records);
BUDGET_LUA(holds);
BUDGET_LUA(sweep);
BUDGET_LUA(reserve);
BUDGET_LUA(extend);
BUDGET_LUA(settle);
BUDGET_LUA(release);
BUDGET_LUA(reap);
BUDGET_LUA(record);
BUDGET_LUA(allocate);
BUDGET_LUA(allocation);
BUDGET_LUA(read);
BUDGET_LUA(find);

#define BUDGET_LUA_TEXT(name)         \
  std::string_view(budget_lua_##name, \
                   static_cast<std::size_t>(budget_lua_##name##_end - budget_lua_##name))

namespace budget::ledger {
namespace {

// How long an allocation that has ended can still be asked about.
constexpr std::chrono::hours kEndedAllocationKept{24 * 30};

std::string sha1_of(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 0xF];
  }
  return hex;
}

std::string constant(std::string_view name, std::int64_t value) {
  return "local " + std::string(name) + " = " + std::to_string(value) + "\n";
}

// The names that the Lua sources use of what is decided in C++.
std::string constants(const ScriptSettings& settings) {
  const auto& names = record_field_names();
  std::string text = "local FIELDS = {";
  for (const std::string_view name : names) text += "'" + std::string(name) + "',";
  text += "}\n";
  const std::initializer_list<std::pair<std::string_view, std::string_view>> used = {
      {"TIMESTAMP", "timestamp"},     {"ENDED_AT", "ended_at"},     {"ESTIMATED", "estimated"},
      {"POLICIES", "policies"},       {"INPUT", "input"},           {"OUTPUT", "output"},
      {"OUTPUT_COST", "output_cost"}, {"TOTAL_COST", "total_cost"},
  };
  for (const auto& [constant_name, field] : used) {
    text += constant(constant_name, std::ranges::find(names, field) - names.begin() + 1);
  }
  const auto ms = [](std::chrono::hours hours) { return std::chrono::milliseconds(hours).count(); };
  text += constant("WINDOW_BUCKETS_KEPT", RollingWindow::kept_max);
  text += constant("ENDED_ALLOCATION_KEPT_MS", ms(kEndedAllocationKept));
  text += constant("CALL_KEPT_MS", ms(settings.calls_remembered));
  // As long as the record: until the end of its day and the retention.
  text += constant("RECORD_KEPT_MS", ms(std::max(settings.usage_retention + std::chrono::hours(24),
                                                 settings.calls_remembered)));
  return text;
}

}  // namespace

Scripts::Scripts(const ScriptSettings& settings) {
  std::string books = constants(settings);
  for (const std::string_view part :
       {BUDGET_LUA_TEXT(integer), BUDGET_LUA_TEXT(limits), BUDGET_LUA_TEXT(books),
        BUDGET_LUA_TEXT(records), BUDGET_LUA_TEXT(holds)}) {
    books += part;
  }
  const std::string sweeping = books + std::string(BUDGET_LUA_TEXT(sweep));
  const auto set = [this, &settings](Script script, const std::string& common,
                                     std::string_view step) {
    Entry& entry = entries_[static_cast<std::size_t>(script)];
    entry.text = common + std::string(step);
    if (settings.edit) settings.edit(entry.text);
    entry.sha = sha1_of(entry.text);
  };
  set(Script::reserve, sweeping, BUDGET_LUA_TEXT(reserve));
  set(Script::extend, books, BUDGET_LUA_TEXT(extend));
  set(Script::settle, books, BUDGET_LUA_TEXT(settle));
  set(Script::release, books, BUDGET_LUA_TEXT(release));
  set(Script::reap, sweeping, BUDGET_LUA_TEXT(reap));
  set(Script::record, books, BUDGET_LUA_TEXT(record));
  set(Script::allocate, sweeping, BUDGET_LUA_TEXT(allocate));
  set(Script::allocation, books, BUDGET_LUA_TEXT(allocation));
  set(Script::read, books, BUDGET_LUA_TEXT(read));
  set(Script::find, books, BUDGET_LUA_TEXT(find));
}

std::string script_arithmetic() {
  return std::string(BUDGET_LUA_TEXT(integer)) + std::string(BUDGET_LUA_TEXT(limits));
}

}  // namespace budget::ledger
