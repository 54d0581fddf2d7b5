#include "proxy/net/http_rules.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace budget::net {
namespace {

// Why the request's head is refused, by the parser or by the rules; "" when it
// is taken.
std::string refusal(const std::string& text) {
  Head head;
  RequestParser parser(head, 4096);
  const auto step = parser.feed(text);
  if (step.error) return "the parser";
  return refuse_request_head(head, std::string_view(text).substr(0, step.used)).value_or("");
}

std::string post(const std::string& fields) {
  return "POST /x HTTP/1.1\r\nhost: h\r\n" + fields + "\r\n";
}

TEST(HttpRules, TakesWhatEveryReaderReadsAlike) {
  for (const std::string& text :
       {post(""), post("content-length: 0\r\n"), post("Content-Length: 12\r\n"),
        post("transfer-encoding: chunked\r\n"), post("Transfer-Encoding: CHUNKED\r\n"),
        post("x: \xc3\xa9\r\n"), post("x:\r\n"), std::string("GET / HTTP/1.0\r\n\r\n"),
        std::string("GET /a%20b?c=d&e HTTP/1.1\r\nhost:\r\n\r\n")}) {
    EXPECT_EQ(refusal(text), "") << text;
  }
}

TEST(HttpRules, RefusesFramingThatCanBeReadInTwoWays) {
  for (const std::string& text :
       {post("content-length: 4\r\ncontent-length: 4\r\n"), post("content-length: 4, 4\r\n"),
        post("content-length: +4\r\n"), post("content-length:\r\n"),
        post("content-length: 4\r\ntransfer-encoding: chunked\r\n"),
        post("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n"),
        post("transfer-encoding: xchunked\r\n"), post("transfer-encoding: chunked, identity\r\n"),
        post("transfer-encoding: identity\r\n"), post("transfer-encoding: gzip, chunked\r\n"),
        post("transfer-encoding:\r\n"), post("x: a\r\n b\r\n"), post("x: a\r\n\tb\r\n"),
        std::string("POST /x HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n")}) {
    EXPECT_NE(refusal(text), "") << text;
  }
}

TEST(HttpRules, RefusesTargetsThatAreNotAPlainPath) {
  for (const std::string target : {"*", "http://h/x", "h:443", "x", "/a#b", "/a\x7f", "/a\xff"}) {
    EXPECT_NE(refusal("GET " + target + " HTTP/1.1\r\nhost: h\r\n\r\n"), "") << target;
  }
}

TEST(HttpRules, WantsOneHost) {
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n\r\n"), "The Host header is missing.");
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nhost: a\r\nHOST: a\r\n\r\n"),
            "Host is given more than once.");
}

TEST(HttpRules, FindsLinesThatEndInLfAlone) {
  struct Case {
    std::string_view bytes;
    std::size_t from;
    bool bare;
  };
  for (const Case& c :
       std::array{Case{"a\r\nb\r\n", 0, false}, Case{"a\nb", 0, true}, Case{"\n", 0, true},
                  Case{"a\r\n\n", 0, true}, Case{"a\nb\r\n", 2, false}, Case{"a\r\n", 2, false},
                  Case{"", 0, false}}) {
    EXPECT_EQ(has_bare_line_feed(c.bytes, c.from), c.bare) << c.bytes;
  }
}

TEST(HttpRules, ReadsConnectionFields) {
  Head head;
  head.fields = {{"Connection", "x-a , CLOSE"}, {"connection", "x-b"}};
  EXPECT_FALSE(keeps_alive(head));
  EXPECT_TRUE(named_by_connection(head, "X-A"));
  EXPECT_TRUE(named_by_connection(head, "x-b"));
  EXPECT_FALSE(named_by_connection(head, "x"));
  head.fields.clear();
  EXPECT_TRUE(keeps_alive(head));
  head.version = 10;
  EXPECT_FALSE(keeps_alive(head));
  head.fields = {{"connection", "keep-alive"}};
  EXPECT_TRUE(keeps_alive(head));
}

TEST(HttpRules, ListsTokens) {
  EXPECT_TRUE(lists_token("a, b ,\tc", "C"));
  EXPECT_FALSE(lists_token("ab, c", "b"));
  EXPECT_FALSE(lists_token("", "a"));
  EXPECT_TRUE(is_hop_by_hop("Transfer-Encoding"));
  EXPECT_FALSE(is_hop_by_hop("Trailer"));
}

}  // namespace
}  // namespace budget::net
