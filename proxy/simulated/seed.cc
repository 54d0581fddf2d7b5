#include "proxy/simulated/seed.h"

#include <algorithm>
#include <bit>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstring>

namespace budget::simulated {
namespace {

namespace json = boost::json;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  return Random(a * 31 + b).next();
}

std::uint64_t hash_of_value(const json::value& value, std::uint64_t start);

std::uint64_t hash_of_members(const json::object& object, std::uint64_t start, bool top) {
  static constexpr std::string_view skipped[] = {"stream",
                                                 "stream_options",
                                                 "max_tokens",
                                                 "max_completion_tokens",
                                                 "max_output_tokens",
                                                 "max_gen_len",
                                                 "options",
                                                 "generationConfig",
                                                 "inferenceConfig",
                                                 "textGenerationConfig"};
  std::uint64_t hash = mix(start, 7);
  for (const auto& [key, value] : object) {
    const std::string_view name(key.data(), key.size());
    if (top && std::ranges::find(skipped, name) != std::end(skipped)) continue;
    hash = hash_of_value(value, hash_of(name, hash));
  }
  return hash;
}

std::uint64_t hash_of_value(const json::value& value, std::uint64_t start) {
  switch (value.kind()) {
    case json::kind::string:
      return hash_of({value.get_string().data(), value.get_string().size()}, start);
    case json::kind::object:
      return hash_of_members(value.get_object(), start, false);
    case json::kind::array: {
      std::uint64_t hash = mix(start, 3);
      for (const json::value& element : value.get_array()) hash = hash_of_value(element, hash);
      return hash;
    }
    case json::kind::int64:
      return mix(start, static_cast<std::uint64_t>(value.get_int64()));
    case json::kind::uint64:
      return mix(start, value.get_uint64());
    case json::kind::double_:
      return mix(start, std::bit_cast<std::uint64_t>(value.get_double()));
    case json::kind::bool_:
      return mix(start, value.get_bool() ? 2 : 1);
    case json::kind::null:
      break;
  }
  return mix(start, 0);
}

}  // namespace

std::uint64_t hash_of(std::string_view bytes, std::uint64_t start) {
  std::uint64_t hash = mix(start, bytes.size());
  while (bytes.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    hash = mix(hash, word);
    bytes.remove_prefix(8);
  }
  std::uint64_t word = 0;
  if (!bytes.empty()) std::memcpy(&word, bytes.data(), bytes.size());
  return mix(hash, word);
}

std::uint64_t seed_of(std::string_view model, const json::object& body) {
  return hash_of_members(body, hash_of(model), true);
}

}  // namespace budget::simulated
