#include "admin/precondition.h"

#include <algorithm>
#include <string>

namespace budget::admin {

std::optional<Failure> precondition(std::string_view if_match, std::string_view etag) {
  if (if_match.empty()) return std::nullopt;
  std::string_view rest = if_match;
  while (!rest.empty()) {
    std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one == "*" || one == etag) return std::nullopt;
  }
  return Failure{ErrorCode::conflict,
                 "It was changed since it was read: If-Match names another version. Read it again.",
                 {{"etag", etag}},
                 412};
}

}  // namespace budget::admin
