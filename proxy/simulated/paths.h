// Which API a path asks for.
#pragma once

#include <string>
#include <string_view>

#include "proxy/simulated/call.h"

namespace budget::simulated {

struct Target {
  Speaker speaker = Speaker::openai;
  Answer (*make)(const Call&) = nullptr;  // null only when there is a problem
  std::string model;                      // from the path, percent-decoded; "" when the body has it
  std::string_view verb;                  // static
  bool has_body = true;                   // the request's body is read
  int problem_status = 0;                 // 404, 405: no such path, or not by this method
  std::string_view problem;
};

// Recognises the APIs by the end of the path, so that Azure's deployments and
// other vendors' prefixes work like the plain paths.
[[nodiscard]] Target target_of(const Request& request);

}  // namespace budget::simulated
