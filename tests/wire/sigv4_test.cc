#include "proxy/wire/sigv4.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace budget::wire {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using namespace std::chrono_literals;

const sys_seconds published_time = sys_days(2015y / 8 / 30) + 12h + 36min;
const AwsCredentials published_key{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};

std::string value_of(const std::vector<std::pair<std::string, std::string>>& headers,
                     std::string_view name) {
  for (const auto& header : headers) {
    if (header.first == name) return header.second;
  }
  return "";
}

std::string signature_of(const SigningRequest& request, std::string_view service = "service") {
  const std::string value = value_of(
      sign_v4(request, published_key, "us-east-1", service, published_time), "authorization");
  return value.substr(value.find("Signature=") + 10);
}

SigningRequest request_for(std::string_view method, std::string_view path, std::string_view query) {
  return {method, path, query, {{"Host", "example.amazonaws.com"}}, ""};
}

// The signatures that AWS publishes in its test suite for these requests.
TEST(SigV4, AgreesWithThePublishedTestSuite) {
  struct Case {
    const char* name;
    const char* method;
    const char* path;
    const char* query;
    const char* signature;
  };
  const Case cases[] = {
      {"get-vanilla", "GET", "/", "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-vanilla-query-order-key-case", "GET", "/", "Param2=value2&Param1=value1",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-utf8", "GET", "/\xE1\x88\xB4", "",
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-unreserved", "GET",
       "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "",
       "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
      {"get-slash-dot-slash", "GET", "/./", "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-relative", "GET", "/example/..", "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slash", "GET", "//", "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"post-vanilla", "POST", "/", "",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(signature_of(request_for(c.method, c.path, c.query)), c.signature) << c.name;
  }
}

TEST(SigV4, SignsTheBodyAndTrimmedHeaders) {
  SigningRequest trimmed = request_for("GET", "/", "");
  trimmed.headers.emplace_back("My-Header1", " value1");
  trimmed.headers.emplace_back("My-Header2", " \"a   b   c\"");
  EXPECT_EQ(signature_of(trimmed),
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
  SigningRequest form = request_for("POST", "/", "");
  form.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  form.body = "Param1=value1";
  EXPECT_EQ(signature_of(form), "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

// The worked example of AWS's general reference: IAM's ListUsers.
TEST(SigV4, AgreesWithTheWorkedExample) {
  SigningRequest request{"GET",
                         "/",
                         "Action=ListUsers&Version=2010-05-08",
                         {{"host", "iam.amazonaws.com"},
                          {"content-type", "application/x-www-form-urlencoded; charset=utf-8"}},
                         ""};
  const auto headers = sign_v4(request, published_key, "us-east-1", "iam", published_time);
  EXPECT_EQ(value_of(headers, "authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
  EXPECT_EQ(value_of(headers, "x-amz-date"), "20150830T123600Z");
}

TEST(SigV4, EncodesAModelIdInThePathTwice) {
  const SigningRequest request =
      request_for("POST", "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse", "");
  EXPECT_EQ(canonical_request(request),
            "POST\n/model/us.anthropic.claude-haiku-4-5-20251001-v1%253A0/converse\n\n"
            "host:example.amazonaws.com\n\nhost\n"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const SigningRequest plain =
      request_for("POST", "/model/us.anthropic.claude-haiku-4-5-20251001-v1:0/converse", "");
  EXPECT_TRUE(canonical_request(plain).contains("-v1%3A0/converse\n"));
}

TEST(SigV4, SignsTheSessionToken) {
  AwsCredentials session = published_key;
  session.session_token = "token";
  const auto headers =
      sign_v4(request_for("GET", "/", ""), session, "us-east-1", "bedrock", published_time);
  EXPECT_EQ(value_of(headers, "x-amz-security-token"), "token");
  EXPECT_TRUE(value_of(headers, "authorization")
                  .contains("SignedHeaders=host;x-amz-date;x-amz-security-token,"));
}

TEST(SigV4, NormalisesTheQueryAsItIsEncoded) {
  const SigningRequest request = request_for("GET", "/", "b=%7e&a=x%2fy&c&b=%2B");
  EXPECT_TRUE(canonical_request(request).starts_with("GET\n/\na=x%2Fy&b=%2B&b=~&c=\n"));
}

}  // namespace
}  // namespace budget::wire
