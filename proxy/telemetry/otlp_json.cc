#include "proxy/telemetry/otlp_json.h"

#include <boost/json.hpp>
#include <charconv>

#include "admin/utf8.h"

namespace budget::telemetry {
namespace {

namespace json = boost::json;

constexpr int kind_client = 3;   // SPAN_KIND_CLIENT
constexpr int status_error = 2;  // STATUS_CODE_ERROR
// Of Span.flags: whether the next bit is known, and whether the parent is
// another process's.
constexpr std::int64_t has_is_remote = 0x100;
constexpr std::int64_t is_remote = 0x200;

json::object attribute(std::string_view name, json::object value) {
  return {{"key", name}, {"value", std::move(value)}};
}

json::object attribute(std::string_view name, const std::string& text) {
  return attribute(name, json::object{{"stringValue", admin::repaired_utf8(text)}});
}

json::object attribute_of(const Attribute& told) {
  if (const auto* number = std::get_if<std::int64_t>(&told.value)) {
    return attribute(told.name, json::object{{"intValue", std::to_string(*number)}});
  }
  if (const auto* flag = std::get_if<bool>(&told.value)) {
    return attribute(told.name, json::object{{"boolValue", *flag}});
  }
  return attribute(told.name, std::get<std::string>(told.value));
}

json::object span_of(const Span& span) {
  json::object out;
  out["traceId"] = hex(span.context.trace_id);
  out["spanId"] = hex(span.context.span_id);
  if (span.parent) out["parentSpanId"] = hex(*span.parent);
  if (!span.trace_state.empty()) out["traceState"] = admin::repaired_utf8(span.trace_state);
  out["flags"] = span.context.flags | has_is_remote | (span.parent ? is_remote : 0);
  out["name"] = admin::repaired_utf8(span.name);
  out["kind"] = kind_client;
  out["startTimeUnixNano"] = std::to_string(span.started_ns);
  out["endTimeUnixNano"] = std::to_string(span.ended_ns);
  json::array attributes;
  for (const Attribute& each : span.attributes) attributes.push_back(attribute_of(each));
  out["attributes"] = std::move(attributes);
  // Left unset for a call that went well, as instrumentations do.
  out["status"] = span.error.empty()
                      ? json::object{}
                      : json::object{{"code", status_error}, {"message", span.error}};
  return out;
}

}  // namespace

std::string export_request(const Resource& resource, std::span<const Span> spans) {
  json::array all;
  for (const Span& span : spans) all.push_back(span_of(span));
  const json::array who{attribute("service.name", std::string("budget")),
                        attribute("service.version", resource.version),
                        attribute("service.instance.id", resource.instance)};
  const json::object scope{
      {"scope", json::object{{"name", "budget"}, {"version", resource.version}}},
      {"spans", std::move(all)}};
  const json::object one{{"resource", json::object{{"attributes", who}}},
                         {"scopeSpans", json::array{scope}}};
  return json::serialize(json::object{{"resourceSpans", json::array{one}}});
}

ExportAnswer export_answer(std::string_view body) {
  ExportAnswer answer;
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  const json::object* whole = error ? nullptr : parsed.if_object();
  const json::value* partial = whole ? whole->if_contains("partialSuccess") : nullptr;
  if (!partial || !partial->is_object()) return answer;
  if (const auto* rejected = partial->get_object().if_contains("rejectedSpans")) {
    if (const auto* text = rejected->if_string()) {
      std::from_chars(text->data(), text->data() + text->size(), answer.rejected);
    } else if (const auto* number = rejected->if_int64()) {
      answer.rejected = *number;
    }
  }
  if (const auto* message = partial->get_object().if_contains("errorMessage")) {
    if (const auto* text = message->if_string()) answer.message = std::string(*text);
  }
  return answer;
}

}  // namespace budget::telemetry
