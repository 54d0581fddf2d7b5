// Vectors, pictures, sound, lists: the APIs that make no text, or not only.
#include <gtest/gtest.h>

#include "tests/simulated/played.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

std::string form(std::initializer_list<std::pair<const char*, std::string>> fields) {
  std::string body;
  for (const auto& [name, value] : fields) {
    body += "--edge\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"";
    if (std::string_view(name) == "file") body += "; filename=\"model\"";
    body += "\r\n\r\n" + value + "\r\n";
  }
  return body + "--edge--\r\n";
}
const Headers form_type = {{"content-type", "multipart/form-data; boundary=edge"}};

struct VectorCase {
  const char* target;
  const char* body;
  const char* second;  // pointer to the second vector, or to the only one
  std::size_t dimensions;
  const char* tokens;  // "" when the API reports none
};

TEST(Vectors, HaveTheDimensionsAskedFor) {
  const VectorCase cases[] = {
      {"/v1/embeddings", R"({"model":"text-embedding-3-small","input":["a","b"],"dimensions":5})",
       "/data/1/embedding", 5, "/usage/total_tokens"},
      {"/v1/embeddings", R"({"model":"text-embedding-3-large","input":"a"})", "/data/0/embedding",
       3072, "/usage/prompt_tokens"},
      {"/v1beta/models/m:batchEmbedContents",
       R"({"requests":[{"content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"b"}]},"outputDimensionality":6}]})",
       "/embeddings/1/values", 6, ""},
      {"/v1beta/models/m:embedContent", R"({"content":{"parts":[{"text":"a"}]}})",
       "/embedding/values", 768, ""},
      {"/v1/projects/p/locations/l/publishers/google/models/m:predict",
       R"({"instances":[{"content":"a"},{"content":"b"}]})", "/predictions/1/embeddings/values",
       768, "/predictions/1/embeddings/statistics/token_count"},
      {"/v2/embed",
       R"({"model":"embed-v4.0","texts":["a","b"],"input_type":"search_query","output_dimension":8})",
       "/embeddings/float/1", 8, "/meta/billed_units/input_tokens"},
      {"/api/embed", R"({"model":"nomic-embed-text","input":["a","b"]})", "/embeddings/1", 768,
       "/prompt_eval_count"},
      {"/api/embeddings", R"({"model":"nomic-embed-text","prompt":"a"})", "/embedding", 768, ""},
      {"/model/amazon.titan-embed-text-v2:0/invoke", R"({"inputText":"a","dimensions":256})",
       "/embedding", 256, "/inputTextTokenCount"},
  };
  for (const VectorCase& each : cases) {
    const json::value answer = post(each.target, each.body).json();
    json::error_code error;
    const json::value* vector = answer.find_pointer(each.second, error);
    ASSERT_NE(vector, nullptr) << each.target;
    EXPECT_EQ(vector->as_array().size(), each.dimensions) << each.target;
    if (*each.tokens != '\0') {
      EXPECT_GT(std::stoll(at(answer, each.tokens)), 0) << each.target;
    }
  }
}

TEST(Vectors, InBase64AreFourBytesANumber) {
  const json::value answer =
      post(
          "/v1/embeddings",
          R"({"model":"text-embedding-3-small","input":"a","dimensions":6,"encoding_format":"base64"})")
          .json();
  EXPECT_EQ(at(answer, "/data/0/embedding").size(), 32u);
}

TEST(Rerank, BillsASearchUnitForAHundredDocuments) {
  const json::value answer =
      post("/v2/rerank",
           R"({"model":"rerank-v3.5","query":"q","documents":["a","b","c"],"top_n":2})")
          .json();
  EXPECT_EQ(answer.as_object().at("results").as_array().size(), 2u);
  EXPECT_EQ(at(answer, "/meta/billed_units/search_units"), "1");
}

TEST(Images, ReportUsageOnlyForModelsThatDo) {
  const json::value gpt = post("/v1/images/generations",
                               R"({"model":"gpt-image-1","prompt":"a cat","n":2,"quality":"low"})")
                              .json();
  EXPECT_EQ(at(gpt, "/usage/output_tokens"), "544");
  EXPECT_EQ(at(gpt, "/usage/total_tokens"), "546");
  EXPECT_FALSE(at(gpt, "/data/1/b64_json").empty());
  const json::value dalle =
      post("/v1/images/generations", R"({"model":"dall-e-3","prompt":"a cat"})").json();
  EXPECT_EQ(at(dalle, "/usage"), "");
  EXPECT_FALSE(at(dalle, "/data/0/url").empty());
}

TEST(Images, StreamTheFinishedPicture) {
  const auto events =
      post("/v1/images/generations", R"({"model":"gpt-image-1","prompt":"a cat","stream":true})")
          .events();
  EXPECT_EQ(at(events.back(), "/type"), "image_generation.completed");
  EXPECT_EQ(at(events.back(), "/usage/output_tokens"), "4160");
}

TEST(Audio, IsTranscribedInEveryResponseFormat) {
  const std::string sound(40'000, 'x');
  const auto ask = [&](const char* model, const char* format) {
    return post("/v1/audio/transcriptions",
                form({{"file", sound}, {"model", model}, {"response_format", format}}), form_type);
  };
  const json::value plain = ask("whisper-1", "json").json();
  EXPECT_EQ(at(plain, "/usage/seconds"), "2");
  EXPECT_EQ(ask("whisper-1", "text").body, at(plain, "/text") + "\n");
  EXPECT_EQ(at(ask("whisper-1", "verbose_json").json(), "/segments/0/text"), at(plain, "/text"));
  EXPECT_TRUE(ask("whisper-1", "vtt").body.starts_with("WEBVTT"));
  EXPECT_EQ(at(ask("gpt-4o-transcribe", "json").json(), "/usage/type"), "tokens");
}

TEST(Audio, StreamsATranscript) {
  const auto events =
      post("/v1/audio/transcriptions",
           form({{"file", "xyz"}, {"model", "gpt-4o-transcribe"}, {"stream", "true"}}), form_type)
          .events();
  std::string text;
  for (const json::value& event : events) text += at(event, "/delta");
  EXPECT_EQ(text, at(events.back(), "/text"));
  EXPECT_EQ(at(events.back(), "/type"), "transcript.text.done");
}

TEST(Audio, SpeaksInTheFormatAskedFor) {
  const auto ask = [](const char* more) {
    return post("/v1/audio/speech",
                R"({"model":"tts-1","voice":"alloy","input":"hello")" + std::string(more) + "}");
  };
  EXPECT_EQ(ask("").header("content-type"), "audio/mpeg");
  const Played wav = ask(R"(,"response_format":"wav")");
  EXPECT_TRUE(wav.body.starts_with("RIFF"));
  EXPECT_EQ(wav.body.size(), 44u + 4800u);
  EXPECT_EQ(at(ask(R"(,"stream_format":"sse")").events().back(), "/type"), "speech.audio.done");
}

TEST(Free, PathsAnswerWhatTheirClientsReadFirst) {
  EXPECT_EQ(at(play("GET", "/v1/models", "").json(), "/object"), "list");
  EXPECT_EQ(at(play("GET", "/v1/models/gpt-4o", "").json(), "/id"), "gpt-4o");
  EXPECT_EQ(at(play("GET", "/v1/models", "", {{"anthropic-version", "2023-06-01"}}).json(),
               "/data/0/type"),
            "model");
  EXPECT_EQ(at(play("GET", "/v1beta/models", "").json(), "/models/0/name"),
            "models/gemini-2.5-flash");
  EXPECT_EQ(at(play("GET", "/api/tags", "").json(), "/models/0/name"), "llama3.2:latest");
  EXPECT_FALSE(at(play("GET", "/api/version", "").json(), "/version").empty());
  EXPECT_FALSE(at(post("/api/show", R"({"model":"m"})").json(), "/details").empty());
  EXPECT_EQ(at(post("/v1/moderations", R"({"input":["a","b"]})").json(), "/results/1/flagged"),
            "false");
  const std::string messages = R"("messages":[{"role":"user","content":"Hello"}]})";
  EXPECT_EQ(at(post("/v1/messages/count_tokens", R"({"model":"claude",)" + messages).json(),
               "/input_tokens"),
            at(post("/v1/messages", R"({"model":"claude","max_tokens":9,)" + messages).json(),
               "/usage/input_tokens"));
  EXPECT_EQ(
      at(post("/v1beta/models/m:countTokens", R"({"contents":[{"parts":[{"text":"Hello"}]}]})")
             .json(),
         "/totalTokens"),
      "1");
}

}  // namespace
}  // namespace budget::simulated
