// One request to the built-in provider, read once, and how its answers are
// made up.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/simulated/simulator.h"
#include "proxy/simulated/telling.h"

namespace budget::simulated {

// Whose words an answer or an error is put in.
enum class Speaker : std::uint8_t { openai, anthropic, gemini, bedrock, cohere, ollama };

struct Call {
  const Request& request;
  const Steering& steering;
  Speaker speaker = Speaker::openai;
  std::string_view model;  // from the path if it names one, else from the body; may be ""
  std::string_view verb;   // what the path asks for, in the format's own word
  const boost::json::object& body;
  std::uint64_t seed = 0;
};

// Members of a JSON object, read without trust: absent or of another kind is
// null, nullopt or "".
[[nodiscard]] const boost::json::value* member(const boost::json::object& object,
                                               std::string_view key);
[[nodiscard]] const boost::json::object* object_at(const boost::json::object& object,
                                                   std::string_view key);
[[nodiscard]] const boost::json::array* array_at(const boost::json::object& object,
                                                 std::string_view key);
[[nodiscard]] std::string_view string_at(const boost::json::object& object, std::string_view key);
// 7 and 7.0 are both integers here, as they are for the providers.
[[nodiscard]] std::optional<std::int64_t> integer_at(const boost::json::object& object,
                                                     std::string_view key);
[[nodiscard]] bool true_at(const boost::json::object& object, std::string_view key);
[[nodiscard]] std::string_view view(const boost::json::string& string);

// The moment that every answer says it was made at, since the same request
// gives the same bytes: 2026-01-01T00:00:00Z.
inline constexpr std::int64_t created_at = 1'767'225'600;
inline constexpr std::string_view created_at_text = "2026-01-01T00:00:00.000000Z";

[[nodiscard]] Answer whole_answer(const Call& call, std::string body,
                                  std::string_view content_type = "application/json");
[[nodiscard]] Answer streamed_answer(const Call& call, std::unique_ptr<EventList> events,
                                     std::string_view content_type = "text/event-stream");

// The format's own error body for a status; `message` "" is the one the
// provider uses. `param` is OpenAI's, "" for null.
[[nodiscard]] Answer error_answer(Speaker speaker, int status, std::string_view message,
                                  const Steering& steering, std::uint64_t seed,
                                  std::string_view param = {});
[[nodiscard]] Answer bad_request(const Call& call, std::string_view message,
                                 std::string_view param = {});

}  // namespace budget::simulated
