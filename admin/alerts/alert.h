// Something that a person should know of, and where it is told.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/clock.h"

namespace budget::admin {

enum class AlertType : std::uint8_t {
  threshold,        // a share of a limit is spent
  budget_exceeded,  // a limit is spent, or refuses calls
  forecast,         // at this rate a limit will be reached before its period ends
  anomaly,          // a component spends far more than it uses to
  overrun,          // a provider billed more than was held
  unpriced,         // usage that nobody knows the price of
  drift,            // our count of a model's input is far from the provider's
  price_change,
  price_conflict,
  price_source,  // one cannot be read, or holds no list
  store_failure,
};
// As above, and as the API says it.
[[nodiscard]] std::string_view name_of(AlertType type);
[[nodiscard]] std::optional<AlertType> alert_type_named(std::string_view name);

enum class Severity : std::uint8_t { info, warning, error };
[[nodiscard]] std::string_view name_of(Severity severity);
[[nodiscard]] std::optional<Severity> severity_named(std::string_view name);

struct Alert {
  AlertType type = AlertType::threshold;
  Severity severity = Severity::warning;
  // One or two sentences for a person, with the figures.
  std::string message;
  // What it is about, where it is about one: a policy's id with the value it
  // counts apart, a component, "provider/model".
  std::string policy_id;
  std::string partition;
  std::string component;
  std::string model;
  // The figures for a program; money as put_money() writes it. No secret.
  boost::json::object details;
  // What makes this alert the same as another: it is raised by the first, on
  // whatever replica, and not again until `once_until`. "": always raised.
  std::string once;
  policy::Time once_until{};
};

// Seam: where alerts are raised. Thread-safe, never blocks: storing, telling
// watchers and sending it on happens later, on another thread. Where they come
// faster than that goes, the latest are dropped and counted.
class AlertSink {
 public:
  virtual ~AlertSink() = default;
  virtual void raise(Alert alert) = 0;
};

}  // namespace budget::admin
