#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "pricing/estimate.h"
#include "pricing/image_tokens.h"
#include "pricing/tokens/count.h"
#include "pricing/tool_tokens.h"

namespace budget::pricing {
namespace {

InputParts chat() {
  InputParts parts;
  parts.messages = {{.role = "system", .name = "", .texts = {"You are a helpful assistant."}},
                    {.role = "user", .name = "", .texts = {"hello world"}}};
  return parts;
}

std::int64_t count(Encoding encoding, std::string_view text) {
  return count_tokens(encoding, text).value();
}

TEST(InputEstimate, IsOpenAisFormulaForChatsOfText) {
  for (const std::string_view model : {"gpt-4o", "gpt-5", "gpt-4-0613", "gpt-3.5-turbo-0125"}) {
    const auto found = count_input(chat(), Vendor::openai, model);
    // 10 tokens of roles and contents, 3 a message, 3 to prime the reply.
    EXPECT_EQ(found.tokens, Tokens(10 + 2 * 3 + 3)) << model;
    EXPECT_TRUE(found.exact);
    EXPECT_EQ(found.local, found.tokens);
  }
}

TEST(InputEstimate, CountsNames) {
  auto parts = chat();
  parts.messages[1].name = "alice";
  const auto name = count(Encoding::cl100k_base, "alice");
  EXPECT_EQ(count_input(parts, Vendor::openai, "gpt-4").tokens, Tokens(19 + name + 1));
  // 4 a message, and a name costs one token less than it has.
  EXPECT_EQ(count_input(parts, Vendor::openai, "gpt-3.5-turbo-0301").tokens,
            Tokens(10 + 2 * 4 + 3 + name - 1));
}

TEST(InputEstimate, AgreesWithTheOverheadOnRecord) {
  std::ifstream file(std::string(BUDGET_SHARED_DIR) + "/vectors/chat_overhead.json");
  if (!file) GTEST_SKIP() << "no vectors in " << BUDGET_SHARED_DIR;
  std::stringstream text;
  text << file.rdbuf();
  simdjson::dom::parser parser;
  const simdjson::dom::element record = parser.parse(text.str());
  const auto& chat_record = record["openai_chat_messages"];
  const std::int64_t priming = chat_record["reply_priming"];
  auto parts = chat();
  parts.messages[0].name = "example_user";
  int models = 0;
  for (const simdjson::dom::element row : simdjson::dom::array(chat_record["by_model"])) {
    for (const std::string_view model : simdjson::dom::array(row["models"])) {
      const auto encoding = encoding_of(model);
      ASSERT_TRUE(encoding.has_value()) << model;
      std::int64_t expected = priming + std::int64_t(row["tokens_per_name"]);
      for (const auto& message : parts.messages) {
        expected += std::int64_t(row["tokens_per_message"]) + count(*encoding, message.role) +
                    count(*encoding, message.texts[0]) + count(*encoding, message.name);
      }
      EXPECT_EQ(count_input(parts, Vendor::openai, model).tokens, Tokens(expected)) << model;
      ++models;
    }
  }
  EXPECT_EQ(models, 9);
}

TEST(InputEstimate, CountsPromptsAndEmbeddingsWithoutOverhead) {
  InputParts parts;
  parts.texts = {"hello world", "hello world"};
  parts.token_ids = 5;
  const auto found = count_input(parts, Vendor::openai, "text-embedding-3-small");
  EXPECT_EQ(found.tokens, Tokens(2 + 2 + 5));
  EXPECT_TRUE(found.exact);
  // Beside messages a text is one more message: three, and a role.
  auto with_instructions = chat();
  with_instructions.texts = {"hello world"};
  EXPECT_EQ(count_input(with_instructions, Vendor::openai, "gpt-4o").tokens, Tokens(19 + 2 + 4));
}

TEST(InputEstimate, IsExactOnlyForTextInAKnownEncoding) {
  EXPECT_FALSE(count_input(chat(), Vendor::anthropic, "claude-sonnet-4-5").exact);
  EXPECT_FALSE(count_input(chat(), Vendor::openai, "some-deployment").exact);
  EXPECT_FALSE(count_input(chat(), Vendor::other, "openai/gpt-oss-120b").exact);
  auto parts = chat();
  parts.images.push_back({});
  EXPECT_FALSE(count_input(parts, Vendor::openai, "gpt-4o").exact);
  parts = chat();
  parts.tool_schemas.push_back("{}");
  EXPECT_FALSE(count_input(parts, Vendor::openai, "gpt-4o").exact);
  parts = chat();
  parts.audio_milliseconds = 1;
  EXPECT_FALSE(count_input(parts, Vendor::openai, "gpt-4o").exact);
  parts = chat();
  parts.file_bytes = 1;
  EXPECT_FALSE(count_input(parts, Vendor::openai, "gpt-4o").exact);
}

TEST(InputEstimate, BoundsUnknownTokenizersByBytes) {
  auto parts = chat();
  parts.messages[1].texts[0] = std::string(1000, '\xFF');
  parts.tool_schemas = {std::string(100, ' ')};
  std::int64_t text_bytes = 100;
  for (const auto& message : parts.messages) {
    text_bytes += static_cast<std::int64_t>(message.role.size() + message.texts[0].size());
  }
  for (const auto vendor : {Vendor::anthropic, Vendor::google, Vendor::other}) {
    const auto found = count_input(parts, vendor, "m");
    EXPECT_GE(found.tokens, Tokens(text_bytes));
    EXPECT_LE(found.tokens, Tokens(text_bytes + 1000));
    EXPECT_GT(found.local, Tokens(0));
    EXPECT_LT(found.local, found.tokens);
  }
}

TEST(InputEstimate, AddsSoundAndFiles) {
  auto parts = chat();
  const auto text = count_input(parts, Vendor::openai, "gpt-4o").tokens;
  parts.audio_milliseconds = 1001;
  parts.file_bytes = 500;
  EXPECT_EQ(count_input(parts, Vendor::openai, "gpt-4o").tokens, text + Tokens(20 + 500));
}

TEST(InputEstimate, BearsAbsurdFigures) {
  InputParts parts;
  parts.audio_milliseconds = std::numeric_limits<std::int64_t>::max();
  parts.file_bytes = std::numeric_limits<std::int64_t>::max();
  parts.token_ids = -7;
  parts.images.push_back({.width = std::numeric_limits<std::int32_t>::max(),
                          .height = std::numeric_limits<std::int32_t>::max()});
  parts.images.push_back({.width = -1, .height = 3});
  for (const auto vendor : {Vendor::openai, Vendor::anthropic, Vendor::google, Vendor::other}) {
    EXPECT_EQ(count_input(parts, vendor, "m").tokens, Tokens::max());
  }
}

TEST(ImageTokens, FollowThePublishedRules) {
  struct Case {
    Vendor vendor;
    std::string_view model;
    ImagePart image;
    std::int64_t tokens;
  };
  const std::vector<Case> cases = {
      // OpenAI's own examples, and what two sizes were seen to be billed.
      {Vendor::openai, "gpt-4o", {1024, 1024, false}, 765},
      {Vendor::openai, "gpt-4o", {2048, 4096, false}, 1105},
      {Vendor::openai, "gpt-4o", {4096, 8192, true}, 85},
      {Vendor::openai, "gpt-4.1", {2049, 513, false}, 1445},
      {Vendor::openai, "gpt-4.1-mini", {1024, 1024, false}, 1659},
      {Vendor::openai, "gpt-4.1-mini", {4000, 1474, false}, 2489},
      // Unknown sizes: the largest.
      {Vendor::openai, "gpt-4o", {}, 85 + 8 * 170},
      {Vendor::openai, "gpt-4o-mini", {}, 2833 + 8 * 5667},
      {Vendor::openai, "gpt-5", {}, 70 + 8 * 140},
      {Vendor::openai, "o3", {}, 75 + 8 * 150},
      {Vendor::openai, "gpt-5-nano", {}, 3779},
      {Vendor::openai, "gpt-5.4", {}, 24'600},
      {Vendor::openai, "gpt-9", {}, 24'600},
      {Vendor::openai, "openai/ft:gpt-4o-mini:org", {512, 512, false}, 2833 + 5667},
      {Vendor::anthropic, "claude-sonnet-4-5", {1000, 1000, false}, 1334},
      {Vendor::anthropic, "claude-opus-4-7", {}, 4784},
      {Vendor::google, "gemini-2.5-pro", {960, 540, false}, 2240},
      {Vendor::google, "gemini-2.5-pro", {4000, 4000, false}, 258 * 36},
      {Vendor::other, "pixtral", {}, 16'384},
      {Vendor::other, "pixtral", {160, 16, false}, 10},
  };
  for (const auto& [vendor, model, image, tokens] : cases) {
    EXPECT_EQ(image_tokens(image, vendor, model), tokens)
        << model << ' ' << image.width << 'x' << image.height;
  }
}

TEST(ImageTokens, AreNeverMoreThanForAnUnknownSize) {
  for (const std::string_view model : {"gpt-4o", "gpt-4.1-nano", "o1", "gpt-5.2"}) {
    const auto most = image_tokens({}, Vendor::openai, model);
    for (const std::int32_t width : {1, 31, 512, 513, 768, 769, 2047, 2048, 2049, 9000, 100'000}) {
      for (const std::int32_t height : {1, 512, 767, 768, 769, 2048, 2049, 50'000}) {
        EXPECT_LE(image_tokens({width, height, false}, Vendor::openai, model), most)
            << model << ' ' << width << 'x' << height;
      }
    }
  }
}

TEST(ToolTokens, FollowTheCookbook) {
  const std::string weather = R"({"type":"function","function":{"name":"get_weather",
    "description":"Get the weather.","parameters":{"type":"object","properties":{
      "place":{"type":"string","description":"A city."},
      "unit":{"type":"string","description":"The unit","enum":["celsius","kelvin"]}}}}})";
  for (const auto encoding : {Encoding::o200k_base, Encoding::cl100k_base}) {
    const std::int64_t constants =
        (encoding == Encoding::o200k_base ? 7 : 10) + 3 + 2 * 3 - 3 + 2 * 3 + 12;
    const std::int64_t texts = count(encoding, "get_weather:Get the weather") +
                               count(encoding, "place:string:A city") +
                               count(encoding, "unit:string:The unit") +
                               count(encoding, "celsius") + count(encoding, "kelvin");
    EXPECT_EQ(tool_tokens({weather}, encoding), constants + texts);
    EXPECT_EQ(tool_tokens({}, encoding), 0);
  }
}

TEST(ToolTokens, BearWhatIsNotAFunction) {
  // The Responses form has no inner object.
  EXPECT_EQ(
      tool_tokens({R"({"type":"function","name":"f","description":"d"})"}, Encoding::o200k_base),
      7 + 12 + count(Encoding::o200k_base, "f:d"));
  EXPECT_EQ(tool_tokens({"not json"}, Encoding::o200k_base), 7 + 12);
  EXPECT_EQ(tool_tokens({"[1]"}, Encoding::o200k_base), 7 + 12);
  std::string deep = R"({"name":"f","parameters":)";
  for (int i = 0; i < 5000; ++i) deep += R"({"items":)";
  EXPECT_EQ(tool_tokens({deep}, Encoding::o200k_base), 7 + 12);
}

TEST(ToolTokens, CountAtLeastAsTheirJsonInAnEstimate) {
  InputParts parts;
  parts.tool_schemas = {R"({"type":"function","function":{"name":"f","strict":true,"parameters":
    {"type":"object","additionalProperties":false,"$defs":{"a":{"const":"something long"}}}}})"};
  EXPECT_GE(count_input(parts, Vendor::openai, "gpt-4o").tokens,
            count_tokens(Encoding::o200k_base, parts.tool_schemas[0]));
}

}  // namespace
}  // namespace budget::pricing
