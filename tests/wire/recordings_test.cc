// Every recording of a provider's real answer, whole, byte by byte and cut at
// every byte: the usage is what the provider's own figures come to.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "proxy/wire/registry.h"
#include "tests/wire/reader_testing.h"

namespace budget::wire {
namespace {

namespace fs = std::filesystem;

std::string contents_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Recording {
  std::string name;
  std::string method;
  std::string path;
  std::string content_type;
  int status = 200;
  bool streamed = false;
  std::optional<std::array<std::int64_t, 5>> expect;  // input, output, reasoning, read, write
  std::string body;
};

std::vector<Recording> recordings() {
  std::vector<Recording> all;
  const fs::path folder = fs::path(BUDGET_SHARED_DIR) / "recordings";
  if (!fs::exists(folder)) return all;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto text = simdjson::padded_string(contents_of(entry.path() / "case.json"));
    simdjson::dom::parser parser;
    const simdjson::dom::element json = parser.parse(text);
    Recording recording;
    recording.name = entry.path().filename();
    recording.method = std::string_view(json["method"]);
    recording.path = std::string_view(json["path"]);
    recording.status = static_cast<int>(std::int64_t(json["status"]));
    recording.streamed = bool(json["streamed"]);
    for (const auto [key, value] : simdjson::dom::object(json["headers"])) {
      if (key == "Content-Type") recording.content_type = std::string_view(value);
    }
    simdjson::dom::object expect;
    if (json["expect"].get(expect) == simdjson::SUCCESS) {
      const auto figure = [&](const char* name) { return std::int64_t(expect[name]); };
      recording.expect = {figure("input"), figure("output"), figure("reasoning"),
                          figure("cache_read"), figure("cache_write")};
    }
    recording.body = contents_of(entry.path() / "response.body");
    all.push_back(std::move(recording));
  }
  return all;
}

std::array<std::int64_t, 5> figures_of(const pricing::Usage& usage) {
  return {usage.input_total().value(), usage.output_total().value(), usage.reasoning.value(),
          usage.cache_read.value(), (usage.cache_write_5m + usage.cache_write_1h).value()};
}

ReaderOptions options_for(const Recording& recording) {
  ReaderOptions options;
  options.route = route(ProviderFormat::any, recording.method, recording.path, "");
  options.dialect = dialect_named("openai");
  options.response.status = recording.status;
  options.response.content_type = recording.content_type;
  options.stream = recording.streamed;
  return options;
}

TEST(Recordings, GiveTheProvidersFiguresHoweverTheyAreSplit) {
  const auto all = recordings();
  if (all.empty()) GTEST_SKIP() << "no recordings under " << BUDGET_SHARED_DIR;
  for (const Recording& recording : all) {
    SCOPED_TRACE(recording.name);
    const ReaderOptions options = options_for(recording);
    ASSERT_EQ(options.route.billing, Billing::metered);
    const Format& format = *options.route.format;
    const ReadResult whole = read_pieces(format, options, {recording.body}, false);
    if (recording.expect) {
      EXPECT_EQ(figures_of(whole.reading.usage), *recording.expect);
      EXPECT_TRUE(whole.reading.input_reported && whole.reading.output_reported);
      EXPECT_TRUE(whole.reading.finished);
    } else if (recording.status == 200) {
      EXPECT_FALSE(whole.reading.input_reported);
    } else {
      EXPECT_NE(whole.reading.error, "");
    }
    EXPECT_FALSE(whole.reading.malformed);

    const auto check = [&](const Pieces& pieces) {
      const ReadResult quiet = read_pieces(format, options, pieces, false);
      const ReadResult loud = read_pieces(format, options, pieces, true);
      EXPECT_TRUE(same_reading(quiet.reading, whole.reading));
      EXPECT_TRUE(same_reading(loud.reading, whole.reading));
      EXPECT_EQ(quiet.text, whole.text);
      EXPECT_EQ(loud.out, recording.body);
    };
    check(byte_by_byte(recording.body));
    for (std::size_t at = 0; at <= recording.body.size(); ++at) {
      check(cut_at(recording.body, at));
      if (HasFailure()) return;
    }
  }
}

TEST(Recordings, PassOnWhateverArrivesWhenTheyBreakOffAnywhere) {
  const auto all = recordings();
  if (all.empty()) GTEST_SKIP() << "no recordings under " << BUDGET_SHARED_DIR;
  for (const Recording& recording : all) {
    SCOPED_TRACE(recording.name);
    const ReaderOptions options = options_for(recording);
    for (std::size_t at = 0; at < recording.body.size(); ++at) {
      const std::string_view begun = std::string_view(recording.body).substr(0, at);
      const ReadResult result = read_pieces(*options.route.format, options, {begun}, true);
      ASSERT_EQ(result.out, begun);
      ASSERT_GE(result.reading.usage.total().value(), 0);
    }
  }
}

}  // namespace
}  // namespace budget::wire
