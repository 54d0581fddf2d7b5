// The paths of Google's two APIs for models, AI Studio's and Vertex's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace budget::wire {

// …/models/MODEL:VERB and its relatives.
struct GooglePath {
  std::string_view publisher;  // "google", "anthropic", …; "google" at AI Studio
  std::string model;           // decoded; "tunedModels/ID" and "endpoints/ID" for those
  std::string_view verb;
};

// nullopt: not such a path. The versions are v1, v1beta, v1alpha, v1beta1.
//   /v1beta/models/M:VERB                                  AI Studio
//   /v1beta/tunedModels/M:VERB
//   /v1/projects/P/locations/L/publishers/PUB/models/M:VERB  Vertex
//   /v1/publishers/PUB/models/M:VERB                       Vertex, express mode
//   /v1/projects/P/locations/L/endpoints/E:VERB            Vertex, a tuned model
[[nodiscard]] std::optional<GooglePath> google_path(std::string_view path);

// The same path with another model. nullopt where a model cannot be exchanged
// for another by its name (endpoints, tuned models).
[[nodiscard]] std::optional<std::string> google_path_with_model(std::string_view path,
                                                                std::string_view model);

}  // namespace budget::wire
