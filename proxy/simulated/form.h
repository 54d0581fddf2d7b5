// Reading a multipart form, as far as the audio and image APIs need.
#pragma once

#include <string>
#include <string_view>

#include "proxy/simulated/call.h"

namespace budget::simulated {

[[nodiscard]] std::string_view header_of(const Request& request, std::string_view name);

// The value of the first part called `name`: a field's text or a file's bytes;
// "" when there is none or the body is no multipart form. Cost: linear.
[[nodiscard]] std::string_view form_field(const Request& request, std::string_view name);

[[nodiscard]] bool is_form(const Request& request);

// A parameter of a request that is JSON or a form.
[[nodiscard]] std::string_view parameter(const Call& call, std::string_view name);
[[nodiscard]] std::int64_t number(const Call& call, std::string_view name, std::int64_t otherwise);
[[nodiscard]] bool flag(const Call& call, std::string_view name);

}  // namespace budget::simulated
