// AWS Signature Version 4: the headers that let Bedrock accept a call which
// the proxy makes with keys of its own.
// Source: AWS's "Create a signed AWS API request" and its published test suite.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace budget::wire {

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // "" for a long-lived key
};

// What is signed. Borrowed for the call.
struct SigningRequest {
  std::string_view method;
  std::string_view path;   // as sent: percent-encoded once, beginning with '/'
  std::string_view query;  // as sent, without '?'
  // The headers to sign, as sent; `host` among them. Those that anything on
  // the way may change (connection, user-agent, …) are not to be signed.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;
};

// The headers to add to the request: authorization, x-amz-date, and
// x-amz-security-token when there is a session token. Pure: the same
// arguments give the same headers. AWS accepts them for five minutes.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> sign_v4(
    const SigningRequest& request, const AwsCredentials& credentials, std::string_view region,
    std::string_view service, std::chrono::sys_seconds now);

// The text whose hash is signed, for tests and for telling why AWS refused.
// It holds no secret but the body's hash and the session token.
[[nodiscard]] std::string canonical_request(const SigningRequest& request);

}  // namespace budget::wire
