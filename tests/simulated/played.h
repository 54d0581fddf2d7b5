// Asks the built-in provider and plays its answer to the end.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/simulated/simulator.h"

namespace budget::simulated {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Played {
  Answer answer;  // its body has been taken
  std::string body;
  std::vector<std::size_t> piece_sizes;
  std::chrono::milliseconds paused{};
  Ending ending = Ending::complete;

  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] boost::json::value json() const;  // of a plain answer; fails the test if it is none
  // The JSON of every event, whatever framing the content type says; the
  // checksums of AWS frames are checked.
  [[nodiscard]] std::vector<boost::json::value> events() const;
};

[[nodiscard]] Played play(std::string_view method, std::string_view target, std::string body,
                          Headers headers = {});
[[nodiscard]] inline Played post(std::string_view target, std::string body, Headers headers = {}) {
  return play("POST", target, std::move(body), std::move(headers));
}

// What `pointer` finds as text: a string's text, else its JSON; "" when there
// is nothing.
[[nodiscard]] std::string at(const boost::json::value& value, std::string_view pointer);

}  // namespace budget::simulated
