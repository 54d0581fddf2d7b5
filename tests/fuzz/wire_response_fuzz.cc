// Any answer, split anywhere: the readings are the same, and every byte that is
// not the proxy's own usage event reaches the client.
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include "proxy/wire/registry.h"
#include "tests/wire/reader_testing.h"

namespace {

using namespace budget::wire;

struct Kind {
  std::string_view path;
  std::string_view content_type;
};

constexpr Kind kinds[] = {
    {"/v1/chat/completions", "text/event-stream"},
    {"/v1/chat/completions", "application/json"},
    {"/v1/responses", "text/event-stream"},
    {"/v1/responses", "application/json"},
    {"/v1/images/generations", "text/event-stream"},
    {"/v1/audio/transcriptions", "application/json"},
    {"/v1/messages", "text/event-stream"},
    {"/v1/messages", "application/json"},
    {"/v1beta/models/m:streamGenerateContent", "application/json"},
    {"/v1beta/models/m:streamGenerateContent", "text/event-stream"},
    {"/model/m/converse-stream", "application/vnd.amazon.eventstream"},
    {"/v2/chat", "text/event-stream"},
    {"/api/chat", "application/x-ndjson"},
};

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const Kind& kind = kinds[data[0] % std::size(kinds)];
  const std::string_view body(reinterpret_cast<const char*>(data) + 3, size - 3);
  ReaderOptions options;
  options.route = route(ProviderFormat::any, "POST", kind.path, "");
  options.dialect = dialect_named((data[1] & 2) != 0 ? "xai" : "openai");
  options.response.content_type = kind.content_type;
  options.stream = kind.content_type != "application/json" || options.route.stream;
  options.usage_asked = (data[1] & 4) != 0;
  options.strip_usage = (data[1] & 1) != 0 && !options.usage_asked;
  const Format& format = *options.route.format;

  const ReadResult whole = read_pieces(format, options, {body}, true);
  if (!options.strip_usage) require(whole.out == body);
  require(whole.out.size() <= body.size());
  std::mt19937_64 random(data[2]);
  const Pieces pieces = random_pieces(body, random);
  for (const Pieces& split : {pieces, byte_by_byte(body)}) {
    const ReadResult loud = read_pieces(format, options, split, true);
    const ReadResult quiet = read_pieces(format, options, split, false);
    require(loud.out == whole.out && loud.text == whole.text && quiet.text == whole.text);
    require(same_reading(loud.reading, whole.reading));
    require(same_reading(quiet.reading, whole.reading));
    require(loud.ending == whole.ending);
  }
  require(whole.reading.usage.total().value() >= 0);
  return 0;
}
