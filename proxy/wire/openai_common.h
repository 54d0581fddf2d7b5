// What the bodies of all of OpenAI's JSON calls have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pricing/price.h"
#include "proxy/wire/format.h"
#include "proxy/wire/json.h"

namespace budget::wire {

// Sets model and where it stands. The path's model wins (Azure ignores the
// body's); the error says that there is none.
[[nodiscard]] std::expected<void, std::string> read_model(const Route& route,
                                                          const JsonValue& value,
                                                          RequestFacts& facts);

// The tier a request asks for. `auto` and unknown vendors' words for the
// ordinary one are standard; a word not known could be the dearest.
[[nodiscard]] pricing::ServiceTier requested_tier(const JsonValue& value);
// The tier an answer was served in; nullopt when it does not say.
[[nodiscard]] std::optional<pricing::ServiceTier> reported_tier(std::string_view word);

// Whether a list of tools holds one that the provider runs itself, and so adds
// to the input during the call.
[[nodiscard]] bool has_server_tools(const JsonValue& tools);

}  // namespace budget::wire
