// What the tests of OpenAI's calls share.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "proxy/wire/formats.h"
#include "proxy/wire/registry.h"

namespace budget::wire {

inline constexpr std::string_view chat = "/v1/chat/completions";

inline Route post(std::string_view path) {
  return route(ProviderFormat::openai, "POST", path, "");
}

inline std::expected<RequestFacts, std::string> facts_of(std::string_view path,
                                                         std::string_view body) {
  return openai_format().facts(post(path), {"application/json", body});
}

inline ReaderOptions openai_options(std::string_view path, bool stream,
                                    const char* dialect = "openai") {
  ReaderOptions options;
  options.route = post(path);
  options.dialect = dialect_named(dialect);
  options.stream = stream;
  options.response.content_type = stream ? "text/event-stream; charset=utf-8" : "application/json";
  return options;
}

// input, cached, written, output, reasoning; other buckets are named apart.
struct Figures {
  std::int64_t input = 0;
  std::int64_t cached = 0;
  std::int64_t written = 0;
  std::int64_t output = 0;
  std::int64_t reasoning = 0;
  friend bool operator==(const Figures&, const Figures&) = default;
};

inline Figures figures_of(const pricing::Usage& usage) {
  return {usage.input.value(), usage.cache_read.value(), usage.cache_write_5m.value(),
          usage.output.value(), usage.reasoning.value()};
}

}  // namespace budget::wire
