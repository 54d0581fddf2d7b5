#include "proxy/wire/google_paths.h"

#include <algorithm>

#include "proxy/wire/paths.h"

namespace budget::wire {
namespace {

bool is_version(std::string_view segment) {
  return segment == "v1" || segment == "v1beta" || segment == "v1alpha" || segment == "v1beta1";
}

// MODEL:VERB, the verb behind the last colon (a model's name may hold one).
bool split_verb(std::string_view segment, GooglePath& path) {
  const std::size_t colon = segment.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == segment.size()) return false;
  auto model = decode_segment(segment.substr(0, colon));
  if (!model) return false;
  path.model = std::move(*model);
  path.verb = segment.substr(colon + 1);
  return true;
}

}  // namespace

std::optional<GooglePath> google_path(std::string_view path) {
  if (!is_plain_path(path)) return std::nullopt;
  GooglePath found{"google", "", ""};
  if (!is_version(take_segment(path))) return std::nullopt;
  std::string_view kind = take_segment(path);
  bool vertex = false;
  if (kind == "projects") {
    vertex = true;
    (void)take_segment(path);
    if (take_segment(path) != "locations") return std::nullopt;
    (void)take_segment(path);
    kind = take_segment(path);
  }
  if (kind == "publishers") {
    found.publisher = take_segment(path);
    kind = take_segment(path);
    if (kind != "models") return std::nullopt;
  } else {
    const bool known = vertex ? kind == "endpoints" : kind == "models" || kind == "tunedModels";
    if (!known) return std::nullopt;
  }
  if (!split_verb(take_segment(path), found) || !path.empty()) return std::nullopt;
  if (kind != "models") found.model = std::string(kind) + "/" + found.model;
  return found;
}

std::optional<std::string> google_path_with_model(std::string_view path, std::string_view model) {
  const auto found = google_path(path);
  if (!found || found->model.starts_with("tunedModels/") ||
      found->model.starts_with("endpoints/")) {
    return std::nullopt;
  }
  std::string changed(path.substr(0, path.rfind('/') + 1));
  changed += encode_segment(model);
  changed += ':';
  return changed.append(found->verb);
}

}  // namespace budget::wire
