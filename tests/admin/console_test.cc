#include "admin/console.h"

#include <gtest/gtest.h>

#include <regex>

#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

constexpr std::string_view pack =
    "index.html identity 6 t0 text/html; charset=utf-8\n"
    "index.html gzip 3 t1 text/html; charset=utf-8\n"
    "a-1A2B3C4D.js identity 4 t2 text/javascript\n"
    "a-1A2B3C4D.js br 2 t3 text/javascript\n"
    "a-1A2B3C4D.js gzip 3 t4 text/javascript\n"
    "\n"
    "<page>zip"
    "codebrgz.";

std::string header_of(const ApiResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

ApiRequest asking(std::string accept_encoding, std::string if_none_match = "") {
  ApiRequest request;
  request.headers = {{"accept-encoding", std::move(accept_encoding)}};
  if (!if_none_match.empty()) request.headers.emplace_back("if-none-match", if_none_match);
  return request;
}

TEST(Console, ReadsAPack) {
  const auto files = files_of_pack(pack);
  ASSERT_EQ(files.size(), 5u);
  EXPECT_EQ(files[0].contents, "<page>");
  EXPECT_EQ(files[1].encoding, "gzip");
  EXPECT_EQ(files[1].contents, "zip");
  EXPECT_EQ(files[3].contents, "br");
  EXPECT_EQ(files[4].tag, "t4");
  EXPECT_EQ(files[4].type, "text/javascript");
}

TEST(Console, HasNoFilesWhereThePackIsEmptyOrBroken) {
  EXPECT_TRUE(files_of_pack("").empty());
  EXPECT_TRUE(files_of_pack("a identity x t text/html\n\nabc").empty());
  EXPECT_TRUE(files_of_pack("a identity 4 t text/html\n\nabc").empty());
}

TEST(Console, SendsTheSmallestEncodingThatIsAccepted) {
  const auto files = files_of_pack(pack);
  struct Case {
    std::string accept;
    std::string_view body, encoding;
  };
  const Case cases[] = {{"gzip, deflate, br", "br", "br"},
                        {"gzip", "gz.", "gzip"},
                        {"gzip;q=1.0, br;q=0", "gz.", "gzip"},
                        {"br ; q=0.000, *", "gz.", "gzip"},
                        {"*", "br", "br"},
                        {"*;q=0", "code", ""},
                        {"zstd", "code", ""},
                        {"", "code", ""}};
  for (const Case& each : cases) {
    const ApiResponse response = console_answer(files, "a-1A2B3C4D.js", asking(each.accept));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, each.body) << each.accept;
    EXPECT_EQ(header_of(response, "content-encoding"), each.encoding) << each.accept;
    EXPECT_EQ(header_of(response, "vary"), "accept-encoding");
  }
}

TEST(Console, SaysNotModifiedToAClientThatHasTheFile) {
  const auto files = files_of_pack(pack);
  for (const auto* tag : {"\"t1\"", "W/\"t1\"", "\"x\", \"t1\"", "*"}) {
    const ApiResponse response = console_answer(files, "index.html", asking("gzip", tag));
    EXPECT_EQ(response.status, 304) << tag;
    EXPECT_TRUE(response.body.empty());
    EXPECT_EQ(header_of(response, "etag"), "\"t1\"");
  }
  // That of another encoding is another file's.
  EXPECT_EQ(console_answer(files, "index.html", asking("gzip", "\"t0\"")).status, 200);
  EXPECT_EQ(console_answer(files, "none.js", asking("gzip", "*")).status, 404);
}

TEST(Console, KeepsFilesForEverAndAsksAgainForThePage) {
  const auto files = files_of_pack(pack);
  const ApiResponse page = console_answer(files, "index.html", asking("gzip"));
  EXPECT_EQ(header_of(page, "cache-control"), "no-cache");
  const std::string policy = header_of(page, "content-security-policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self'; ")) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  const ApiResponse file = console_answer(files, "a-1A2B3C4D.js", asking("gzip"));
  EXPECT_NE(header_of(file, "cache-control").find("immutable"), std::string::npos);
  for (const auto* name : {"element.js", "a-1.js", "a-1a2b3c4d.js", "1A2B3C4D.js"}) {
    const ConsoleFile named{name, "identity", "text/javascript", "t", "code"};
    EXPECT_EQ(header_of(console_answer({&named, 1}, name, asking("")), "cache-control"), "no-cache")
        << name;
  }
}

TEST(Console, IsAPageForBrowsersAndTextForOthers) {
  AdminUnderTest admin;
  const Told text = admin.ask_with({{"accept", "*/*"}}, "GET", "/");
  EXPECT_EQ(text.response.status, 200);
  EXPECT_EQ(text.response.content_type, "text/plain; charset=utf-8");
  EXPECT_NE(text.response.body.find("/api"), std::string::npos);
  if (console_files().empty()) {
    EXPECT_NE(text.response.body.find("without the console"), std::string::npos);
    GTEST_SKIP() << "built without the console";
  }
  const Told page = admin.ask_with({{"accept", "text/html,*/*;q=0.8"}}, "GET", "/");
  EXPECT_EQ(page.response.content_type, "text/html; charset=utf-8");
  const Told same = admin.ask_with({}, "GET", "/ui");
  EXPECT_EQ(same.response.body, page.response.body);
  // All that the page names is there, with a hash in its name.
  const std::regex named("/ui/([a-z]+-[A-Z0-9]{8}\\.(js|css|svg))");
  const std::string& html = page.response.body;
  int found = 0;
  for (std::sregex_iterator at(html.begin(), html.end(), named), end; at != end; ++at, ++found) {
    const Told file = admin.ask_with({{"accept-encoding", "br"}}, "GET", at->str());
    EXPECT_EQ(file.response.status, 200) << at->str();
    EXPECT_EQ(file.header("content-encoding"), "br") << at->str();
  }
  EXPECT_GE(found, 2);
}

}  // namespace
}  // namespace budget::admin
