// The API's description, made from the table that routes its requests.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/router.h"

namespace budget::admin {

struct FieldSchema {
  // What stands behind an @ tells fields apart that are called the same.
  std::string_view name;
  std::string_view type;  // of JSON Schema; "array" is of texts
  std::string_view description;
  std::string_view extra;  // more of the schema, as JSON, or ""

  // As a request says it.
  [[nodiscard]] std::string_view said() const { return name.substr(0, name.find('@')); }
};

struct NamedField {
  const FieldSchema* schema = nullptr;
  bool required = false;
};

// The fields that a route's line names, groups resolved. Every name has a
// schema; a test sees to it that what handlers read is what is named.
[[nodiscard]] std::vector<NamedField> fields_of(const Route& route);
// "id" of "/api/budgets/{id}".
[[nodiscard]] std::vector<std::string> path_params_of(std::string_view path);

// OpenAPI 3.1.
[[nodiscard]] json::object openapi_document(std::span<const Route> routes,
                                            std::string_view version);
// The same as one HTML page without scripts or anything from elsewhere, and
// the Content-Security-Policy that allows it nothing but its own style.
struct DocsPage {
  std::string html;
  std::string policy;
};
[[nodiscard]] DocsPage docs_page(std::span<const Route> routes, std::string_view version);

}  // namespace budget::admin
