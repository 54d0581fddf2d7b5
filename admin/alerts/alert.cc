#include "admin/alerts/alert.h"

#include <array>
#include <utility>

namespace budget::admin {
namespace {

constexpr std::array<std::pair<AlertType, std::string_view>, 11> types{{
    {AlertType::threshold, "threshold"},
    {AlertType::budget_exceeded, "budget_exceeded"},
    {AlertType::forecast, "forecast"},
    {AlertType::anomaly, "anomaly"},
    {AlertType::overrun, "overrun"},
    {AlertType::unpriced, "unpriced"},
    {AlertType::drift, "drift"},
    {AlertType::price_change, "price_change"},
    {AlertType::price_conflict, "price_conflict"},
    {AlertType::price_source, "price_source"},
    {AlertType::store_failure, "store_failure"},
}};

constexpr std::array<std::pair<Severity, std::string_view>, 3> severities{{
    {Severity::info, "info"},
    {Severity::warning, "warning"},
    {Severity::error, "error"},
}};

template <class Value, std::size_t size>
std::string_view name_in(const std::array<std::pair<Value, std::string_view>, size>& table,
                         Value value) {
  for (const auto& [known, name] : table) {
    if (known == value) return name;
  }
  return "";
}

template <class Value, std::size_t size>
std::optional<Value> value_in(const std::array<std::pair<Value, std::string_view>, size>& table,
                              std::string_view name) {
  for (const auto& [value, known] : table) {
    if (known == name) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(AlertType type) {
  return name_in(types, type);
}

std::optional<AlertType> alert_type_named(std::string_view name) {
  return value_in(types, name);
}

std::string_view name_of(Severity severity) {
  return name_in(severities, severity);
}

std::optional<Severity> severity_named(std::string_view name) {
  return value_in(severities, name);
}

}  // namespace budget::admin
