#include "proxy/simulated/event_frame.h"

#include <zlib.h>

#include <cstdint>

namespace budget::simulated {
namespace {

void put_u32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xff);
}

void put_header(std::string& out, std::string_view name, std::string_view value) {
  constexpr char string_type = 7;
  out += static_cast<char>(name.size());
  out += name;
  out += string_type;
  out += static_cast<char>(value.size() >> 8);
  out += static_cast<char>(value.size() & 0xff);
  out += value;
}

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

}  // namespace

void append_event_frame(std::string& out, std::string_view type, std::string_view payload) {
  std::string headers;
  put_header(headers, ":event-type", type);
  put_header(headers, ":content-type", "application/json");
  put_header(headers, ":message-type", "event");
  const std::size_t start = out.size();
  put_u32(out, static_cast<std::uint32_t>(headers.size() + payload.size() + 16));
  put_u32(out, static_cast<std::uint32_t>(headers.size()));
  put_u32(out, checksum(std::string_view(out).substr(start)));
  out += headers;
  out += payload;
  put_u32(out, checksum(std::string_view(out).substr(start)));
}

}  // namespace budget::simulated
