// OpenTelemetry's words for what we call otherwise.
// Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/ (development, 2026)
#pragma once

#include <string_view>

namespace budget::telemetry {

// gen_ai.provider.name of a provider by its id in the catalog: "x-ai" is
// "x_ai". What the conventions do not list is its own name.
[[nodiscard]] std::string_view gen_ai_provider(std::string_view catalog_id);
// gen_ai.operation.name of an operation: OpenAI's responses are "chat".
[[nodiscard]] std::string_view gen_ai_operation(std::string_view operation);

}  // namespace budget::telemetry
