#include "proxy/wire/registry.h"

#include <gtest/gtest.h>

#include "proxy/wire/formats.h"

namespace budget::wire {
namespace {

using enum ProviderFormat;

TEST(Registry, SendsEachProvidersPathsToTheFormatThatSpeaksThem) {
  struct Case {
    ProviderFormat provider;
    const char* path;
    std::string_view format;
    Operation operation;
    Billing billing;
  };
  const Case cases[] = {
      {openai, "/v1/chat/completions", "openai", Operation::chat, Billing::metered},
      {openai, "/v1/messages", "openai", Operation::other, Billing::unmetered},
      {anthropic, "/v1/messages", "anthropic", Operation::chat, Billing::metered},
      {anthropic, "/v1/messages/count_tokens", "anthropic", Operation::count_tokens, Billing::free},
      {anthropic, "/v1/chat/completions", "openai", Operation::chat, Billing::metered},
      {anthropic, "/v1/messages/batches", "anthropic", Operation::other, Billing::unmetered},
      {gemini, "/v1beta/models/m:generateContent", "gemini", Operation::generate_content,
       Billing::metered},
      {gemini, "/v1beta/openai/chat/completions", "openai", Operation::chat, Billing::metered},
      {gemini, "/v1/projects/p/locations/l/publishers/anthropic/models/claude:streamRawPredict",
       "anthropic", Operation::chat, Billing::metered},
      {bedrock, "/model/anthropic.claude%3A0/converse", "bedrock", Operation::chat,
       Billing::metered},
      {bedrock, "/openai/v1/chat/completions", "openai", Operation::chat, Billing::metered},
      {cohere, "/v2/chat", "cohere", Operation::chat, Billing::metered},
      {cohere, "/compatibility/v1/chat/completions", "openai", Operation::chat, Billing::metered},
      {ollama, "/api/chat", "ollama", Operation::chat, Billing::metered},
      {ollama, "/v1/chat/completions", "openai", Operation::chat, Billing::metered},
      {any, "/v1/chat/completions", "openai", Operation::chat, Billing::metered},
      {any, "/v1/messages", "anthropic", Operation::chat, Billing::metered},
      {any, "/v1beta/models/m:streamGenerateContent", "gemini", Operation::generate_content,
       Billing::metered},
      {any, "/model/m/converse-stream", "bedrock", Operation::chat, Billing::metered},
      {any, "/v2/chat", "cohere", Operation::chat, Billing::metered},
      {any, "/api/chat", "ollama", Operation::chat, Billing::metered},
      {any, "/v1/unknown", "openai", Operation::other, Billing::unmetered},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.path);
    const Route found = route(test.provider, "POST", test.path, "");
    ASSERT_NE(found.format, nullptr);
    EXPECT_EQ(found.format->name(), test.format);
    EXPECT_EQ(found.operation, test.operation);
    EXPECT_EQ(found.billing, test.billing);
  }
}

TEST(Registry, LetsReadingAndDeletingThroughAndNothingElse) {
  for (const ProviderFormat provider : {openai, anthropic, gemini, bedrock, cohere, ollama, any}) {
    for (const char* method : {"GET", "HEAD", "DELETE"}) {
      EXPECT_EQ(route(provider, method, "/v1/models/x", "").billing, Billing::free);
      EXPECT_EQ(route(provider, method, "/v1/realtime", "model=x").billing, Billing::unmetered);
      EXPECT_EQ(route(provider, method, "/v1/%2E%2E/x", "").billing, Billing::unmetered);
    }
    for (const char* method : {"PUT", "PATCH", "OPTIONS", "CONNECT", "get", ""}) {
      EXPECT_EQ(route(provider, method, "/v1/models/x", "").billing, Billing::unmetered) << method;
    }
    EXPECT_EQ(route(provider, "POST", "", "").billing, Billing::unmetered);
    EXPECT_EQ(route(provider, "POST", "*", "").billing, Billing::unmetered);
  }
}

TEST(Registry, ChoosesTheWordsOfARefusalByThePath) {
  EXPECT_EQ(format_for_errors("/x/v1/messages").name(), "anthropic");
  EXPECT_EQ(format_for_errors("/x/v1beta/models/m:generateContent").name(), "gemini");
  EXPECT_EQ(format_for_errors("/x/v1beta/openai/chat/completions").name(), "openai");
  EXPECT_EQ(format_for_errors("/model/m/converse").name(), "bedrock");
  EXPECT_EQ(format_for_errors("/api/chat").name(), "ollama");
  EXPECT_EQ(format_for_errors("/v2/rerank").name(), "cohere");
  EXPECT_EQ(format_for_errors("/").name(), "openai");
}

}  // namespace
}  // namespace budget::wire
