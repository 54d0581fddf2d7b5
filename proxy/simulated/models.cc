// Lists of models, as each vendor tells them. The built-in provider answers
// for any model; it lists a few that everybody knows.
#include <initializer_list>

#include "proxy/simulated/formats.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

using Names = std::initializer_list<std::string_view>;

// `prefix` the objects of `names`, or the one object that the call names.
template <class Object>
std::string list_or_one(const Call& call, Names names, std::string_view before,
                        std::string_view after, Object object) {
  if (!call.model.empty()) return object(call.model);
  std::string body(before);
  std::string_view comma;
  for (const std::string_view name : names) {
    append(body, comma, object(name));
    comma = ",";
  }
  return body + std::string(after);
}

}  // namespace

Answer openai_models(const Call& call) {
  return whole_answer(
      call, list_or_one(call,
                        {"gpt-4o", "gpt-4o-mini", "gpt-5", "gpt-5-mini", "text-embedding-3-small",
                         "gpt-image-1", "whisper-1"},
                        R"({"object":"list","data":[)", "]}", [](std::string_view name) {
                          return concat(R"({"id":)", Quoted{name},
                                        R"(,"object":"model","created":)", created_at,
                                        R"(,"owned_by":"simulated"})");
                        }));
}

Answer anthropic_models(const Call& call) {
  return whole_answer(
      call, list_or_one(
                call, {"claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5"}, R"({"data":[)",
                R"(],"has_more":false,"first_id":"claude-sonnet-4-5","last_id":"claude-opus-4-5"})",
                [](std::string_view name) {
                  return concat(R"({"type":"model","id":)", Quoted{name}, R"(,"display_name":)",
                                Quoted{name}, R"(,"created_at":"2026-01-01T00:00:00Z"})");
                }));
}

Answer gemini_models(const Call& call) {
  return whole_answer(
      call, list_or_one(call, {"gemini-2.5-flash", "gemini-2.5-pro", "gemini-embedding-001"},
                        R"({"models":[)", "]}", [](std::string_view name) {
                          return concat(
                              R"({"name":"models/)", Escaped{name}, R"(","displayName":)",
                              Quoted{name},
                              R"(,"inputTokenLimit":1048576,"outputTokenLimit":65536,)"
                              R"("supportedGenerationMethods":["generateContent","countTokens"]})");
                        }));
}

}  // namespace budget::simulated
