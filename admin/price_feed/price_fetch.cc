#include "admin/price_feed/price_fetch.h"

#include <fstream>
#include <utility>

namespace budget::admin {
namespace {

constexpr std::chrono::seconds fetch_timeout{15};
constexpr std::size_t piece_bytes = 64U << 10;

std::string too_long() {
  return "the list is longer than " + std::to_string(pricing::price_list_bytes_max) + " bytes";
}

std::expected<std::string, std::string> read_list_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::unexpected("cannot open '" + file + "'");
  std::string list;
  std::string piece(piece_bytes, '\0');
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    list.append(piece, 0, static_cast<std::size_t>(in.gcount()));
    if (list.size() > pricing::price_list_bytes_max) return std::unexpected(too_long());
  }
  if (in.bad()) return std::unexpected("cannot read '" + file + "'");
  return list;
}

}  // namespace

std::expected<std::string, std::string> fetch_price_list(const PriceSource& source,
                                                         HttpClient* http,
                                                         const std::function<bool()>& stopping) {
  if (source.url.empty()) return read_list_file(source.file);
  if (http == nullptr) return std::unexpected("there is no HTTP client here");
  HttpRequest request;
  request.url = source.url;
  request.headers = {{"accept", "application/json"}};
  request.timeout = fetch_timeout;
  request.answer_bytes_max = pricing::price_list_bytes_max;
  std::string list;
  bool stopped = false;
  const auto answer = http->fetch(request, [&](std::string_view piece) {
    list += piece;
    stopped = stopping();
    return !stopped;
  });
  if (!answer) return std::unexpected(answer.error().message);
  if (stopped) return std::unexpected("the server is stopping");
  if (answer->status != 200) {
    const bool redirect = answer->status / 100 == 3;
    return std::unexpected("it answered with status " + std::to_string(answer->status) +
                           (redirect ? "; redirects are not followed" : ""));
  }
  return list;
}

}  // namespace budget::admin
