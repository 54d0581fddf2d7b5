#include "proxy/net/http_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace budget::net {
namespace {

constexpr std::size_t head_max = 4096;

// What a message came to, fed in pieces from a buffer that grows.
struct Parsed {
  std::optional<ParseError> error;
  bool done = false;
  std::string body;
  std::string rest;  // bytes behind the message
};

// Feeds `text` as it would arrive in pieces of `size` bytes: what was not used
// is fed again with what came behind it.
template <class Parser>
Parsed parse(Parser& parser, const std::string& text, std::size_t size) {
  Parsed result;
  std::size_t used = 0;
  std::size_t arrived = 0;
  while (true) {
    const std::string_view unread(text.data() + used, arrived - used);
    const auto step = parser.feed(unread);
    used += step.used;
    for (const std::string_view piece : parser.pieces()) result.body += piece;
    result.error = step.error;
    result.done = parser.done();
    if (result.done || (step.error && *step.error != ParseError::need_more)) break;
    if (step.used > 0) continue;
    if (arrived == text.size()) break;
    arrived = std::min(text.size(), arrived + size);
  }
  result.rest = text.substr(used);
  return result;
}

TEST(HttpParser, ReadsARequestHoweverItIsSplit) {
  const std::string text =
      "POST /openai/v1/x?a=b HTTP/1.1\r\nHost: h\r\nX-Two: a\r\nx-two: b\r\ncontent-length: "
      "5\r\n\r\n"
      "helloGET";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    SCOPED_TRACE(size);
    Head head;
    RequestParser parser(head, head_max);
    const Parsed parsed = parse(parser, text, size);
    ASSERT_TRUE(parsed.done);
    EXPECT_EQ(parsed.body, "hello");
    EXPECT_TRUE(std::string("GET").starts_with(parsed.rest) || parsed.rest == "GET");
    EXPECT_EQ(head.method, "POST");
    EXPECT_EQ(head.target, "/openai/v1/x?a=b");
    EXPECT_EQ(head.version, 11);
    ASSERT_EQ(head.fields.size(), 4U);
    EXPECT_EQ(head.field("X-TWO"), "a");
    EXPECT_EQ(head.fields[2].name, "x-two");
    EXPECT_EQ(head.content_length, 5U);
  }
}

TEST(HttpParser, ReadsChunksAndDropsTrailersHoweverTheyAreSplit) {
  const std::string text =
      "HTTP/1.1 200 Fine\r\ntransfer-encoding: chunked\r\n\r\n"
      "3;x=\"y\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nx-sum: 1\r\n\r\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    SCOPED_TRACE(size);
    Head head;
    ResponseParser parser(head, head_max);
    const Parsed parsed = parse(parser, text, size);
    ASSERT_TRUE(parsed.done);
    EXPECT_EQ(parsed.body, "abc0123456789");
    EXPECT_EQ(parsed.rest, "");
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.reason, "Fine");
    EXPECT_TRUE(head.chunked);
    EXPECT_EQ(head.fields.size(), 1U);
  }
}

TEST(HttpParser, ReadsAnEmptyChunkedBodyHoweverItIsSplit) {
  const std::string text = "HTTP/1.1 200 Fine\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    SCOPED_TRACE(size);
    Head head;
    ResponseParser parser(head, head_max);
    const Parsed parsed = parse(parser, text, size);
    EXPECT_TRUE(parsed.done);
    EXPECT_EQ(parsed.body + parsed.rest, "");
  }
}

TEST(HttpParser, RefusesAStartLineWithoutAVersionHoweverItIsSplit) {
  const auto check = [](auto parser_of, const std::string& text) {
    for (std::size_t size = 1; size <= text.size(); ++size) {
      SCOPED_TRACE(text + " by " + std::to_string(size));
      Head head;
      auto parser = parser_of(head);
      EXPECT_EQ(parse(parser, text, size).error, ParseError::malformed);
    }
  };
  const auto request = [](Head& head) { return RequestParser(head, head_max); };
  const auto response = [](Head& head) { return ResponseParser(head, head_max); };
  for (const char* more : {"", "x", "more than a version", "Host: h\r\n\r\n"}) {
    check(request, std::string("GET / HT\r\n\r\n") + more);
    check(request, std::string("GET / \r\n\r\n") + more);
    check(response, std::string("HT\r\n\r\n") + more);
  }
}

TEST(HttpParser, UsesNothingOfAHeadBeforeItIsWhole) {
  const std::string text = "GET / HTTP/1.1\r\nhost: h\r\n\r\n";
  Head head;
  RequestParser parser(head, head_max);
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto step = parser.feed(std::string_view(text).substr(0, size));
    ASSERT_EQ(step.used, 0U);
    ASSERT_EQ(step.error, ParseError::need_more);
    ASSERT_TRUE(head.target.empty());
  }
  EXPECT_EQ(parser.feed(text).used, text.size());
  EXPECT_TRUE(parser.done());
}

TEST(HttpParser, StopsBehindTheHead) {
  const std::string text = "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\nhi";
  Head head;
  RequestParser parser(head, head_max);
  EXPECT_EQ(parser.feed(text).used, text.size() - 2);
  EXPECT_TRUE(parser.head_done());
  EXPECT_FALSE(parser.done());
}

TEST(HttpParser, KeepsTheLimitOfAHeadToTheByteHoweverItIsSplit) {
  for (const std::size_t more : {0U, 1U}) {
    std::string text = "GET / HTTP/1.1\r\nx: ";
    text += std::string(head_max + more - text.size() - 4, 'y') + "\r\n\r\n";
    for (const std::size_t size : {std::size_t{1}, head_max - 1, head_max, text.size()}) {
      SCOPED_TRACE(std::to_string(text.size()) + " bytes by " + std::to_string(size));
      Head head;
      RequestParser parser(head, head_max);
      const Parsed parsed = parse(parser, text, size);
      EXPECT_EQ(parsed.done, more == 0);
      if (more > 0) EXPECT_EQ(parsed.error, ParseError::head_too_large);
    }
  }
}

TEST(HttpParser, RefusesAHeadThatIsTooLarge) {
  const std::string line(head_max, 'y');
  for (const bool ended : {false, true}) {
    Head head;
    RequestParser parser(head, head_max);
    const std::string text = "GET / HTTP/1.1\r\nx: " + line + (ended ? "\r\n\r\n" : "");
    EXPECT_EQ(parser.feed(text).error, ParseError::head_too_large);
  }
}

TEST(HttpParser, RefusesWhatIsNotHttp) {
  for (const std::string text :
       {"GET / HTTP/2.0\r\n\r\n", "GET /\r\n\r\n", "G(T / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\na : b\r\n\r\n",
        "GET / HTTP/1.1\r\na: b\x01\r\n\r\n", "GET / HTTP/1.1\r\ncontent-length: +1\r\n\r\n",
        "GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"}) {
    SCOPED_TRACE(text);
    Head head;
    RequestParser parser(head, head_max);
    EXPECT_EQ(parser.feed(text).error, ParseError::malformed);
  }
}

TEST(HttpParser, TakesTheConnectionsEndForTheBodysOnlyWhereItIs) {
  const std::string open = "HTTP/1.1 200 OK\r\n\r\n";
  const std::string counted = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab";
  const std::string chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n";
  for (const auto& [text, fine] : {std::pair{open, true}, {counted, false}, {chunked, false}}) {
    SCOPED_TRACE(text);
    Head head;
    ResponseParser parser(head, head_max);
    parse(parser, text, text.size());
    EXPECT_EQ(!parser.feed_end().has_value(), fine);
    EXPECT_EQ(parser.done(), fine);
  }
}

TEST(HttpParser, ExpectsNoBodyBehindTheAnswerToAHead) {
  Head head;
  ResponseParser parser(head, head_max);
  parser.expect_no_body();
  parser.feed("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n");
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(head.content_length, 500U);
}

}  // namespace
}  // namespace budget::net
