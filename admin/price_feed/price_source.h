// Where prices come from besides the shipped catalog, as the configuration says.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "pricing/price_list.h"

namespace budget::admin {

struct PriceSource {
  std::string name;
  pricing::ListFormat format = pricing::ListFormat::budget;
  std::string url;   // either this
  std::string file;  // or this
  std::chrono::milliseconds refresh{std::chrono::hours(24)};
  std::int64_t trust_ppm = 500'000;
};

}  // namespace budget::admin
