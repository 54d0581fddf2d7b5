// Which of OpenAI's paths mean what, under the prefixes its vendors use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/wire/format.h"

namespace budget::wire {

// Route::variant of this format: how to read the request.
enum class OpenAiCall : std::uint8_t {
  chat,
  completion,  // also Mistral's fill-in-the-middle
  responses,
  embeddings,
  image_generation,
  image_edit,
  image_variation,
  transcription,
  translation,
  speech,
  none,  // nothing to read
};

[[nodiscard]] std::optional<Route> openai_route(const Format& format, std::string_view method,
                                                std::string_view path);

// Azure's deployment path with another deployment in it; nullopt for a path
// that names none.
[[nodiscard]] std::optional<std::string> openai_path_with_model(std::string_view path,
                                                                std::string_view model);

}  // namespace budget::wire
