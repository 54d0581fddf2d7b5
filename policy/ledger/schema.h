// The tables of ledger.sqlite.
#pragma once

#include <expected>
#include <string>

#include "policy/ledger/sqlite.h"

namespace budget::ledger {

// Bring a database to the newest version; an error when it is from a newer
// program. docs/operations.md describes the tables for people.
std::expected<void, std::string> prepare_schema(Database& database);

}  // namespace budget::ledger
