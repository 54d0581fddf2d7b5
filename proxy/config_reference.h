// The configuration's reference, made from the table that the reader reads by.
#pragma once

#include <string>

namespace budget {

// Markdown tables, one a section: what docs/configuration.md holds between its
// marks.
[[nodiscard]] std::string config_reference();

// A JSON Schema (draft 2020-12) for editors: configs/schema/budget.schema.json.
[[nodiscard]] std::string config_schema();

}  // namespace budget
