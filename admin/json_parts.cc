#include "admin/json_parts.h"

namespace budget::admin {

void put_money(json::object& object, std::string_view name, pricing::Money amount) {
  object[name] = pricing::to_usd(amount);
  object[std::string(name) + "_nano"] = amount.value();
}

void put_money(json::object& object, std::string_view name, std::optional<pricing::Money> amount) {
  if (amount) {
    put_money(object, name, *amount);
    return;
  }
  object[name] = nullptr;
  object[std::string(name) + "_nano"] = nullptr;
}

double percent_of(std::int64_t ppm) {
  const std::int64_t tenths = ppm / 1'000;
  return static_cast<double>(tenths) / 10.0;
}

json::value to_json(std::optional<policy::Time> time) {
  if (!time) return nullptr;
  return json::value(policy::rfc3339(*time));
}

json::object to_json(const Labels& labels) {
  json::object object;
  for (const auto& [name, value] : labels) object[name] = value;
  return object;
}

json::array to_json(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

json::object to_json(const policy::Limits& limits) {
  json::object object;
  if (limits.cost) put_money(object, "cost", *limits.cost);
  if (limits.tokens) object["tokens"] = limits.tokens->value();
  if (limits.input_tokens) object["input_tokens"] = limits.input_tokens->value();
  if (limits.output_tokens) object["output_tokens"] = limits.output_tokens->value();
  if (limits.requests) object["requests"] = *limits.requests;
  if (limits.concurrent) object["concurrent"] = *limits.concurrent;
  return object;
}

}  // namespace budget::admin
