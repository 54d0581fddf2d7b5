// Responses, streamed and not.
#include <gtest/gtest.h>
#include <simdjson.h>

#include "proxy/wire/formats.h"
#include "proxy/wire/registry.h"
#include "tests/wire/openai_testing.h"
#include "tests/wire/reader_testing.h"

namespace budget::wire {
namespace {

const Format& format = openai_format();

std::string typed(std::string_view type, std::string_view members) {
  return "event: " + std::string(type) + "\ndata: {\"type\":\"" + std::string(type) + "\"," +
         std::string(members) + "}\n\n";
}

TEST(OpenAiResponsesStream, EndsWhenCutWithAllThatWasSaid) {
  const std::string body =
      typed(
          "response.created",
          R"("sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","model":"m-1","output":[],"usage":null,"tools":[]})") +
      typed(
          "response.output_item.added",
          R"("sequence_number":1,"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]})") +
      typed(
          "response.output_item.done",
          R"("sequence_number":2,"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]})") +
      typed(
          "response.output_item.added",
          R"("sequence_number":3,"output_index":1,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]})") +
      typed(
          "response.content_part.added",
          R"("sequence_number":4,"item_id":"msg_1","output_index":1,"content_index":0,"part":{"type":"output_text","text":""})") +
      typed(
          "response.output_text.delta",
          R"("sequence_number":5,"item_id":"msg_1","output_index":1,"content_index":0,"delta":"Hel\"")") +
      typed(
          "response.output_text.delta",
          R"("sequence_number":6,"item_id":"msg_1","output_index":1,"content_index":0,"delta":"lo")");
  const auto reader = format.reader(openai_options("/v1/responses", true));
  std::string out;
  reader->feed(body, &out);
  EXPECT_EQ(out, body);
  EXPECT_EQ(reader->take_output_text(), "Hel\"lo");
  pricing::Usage usage;
  usage.input = pricing::Tokens(4);
  usage.output = pricing::Tokens(2);
  const std::string part =
      R"({"type":"output_text","annotations":[],"logprobs":[],"text":"Hel\"lo"})";
  const std::string item =
      R"({"id":"msg_1","type":"message","status":"incomplete","role":"assistant","content":[)" +
      part + "]}";
  EXPECT_EQ(
      reader->cut_ending(usage),
      typed(
          "response.output_text.done",
          R"("sequence_number":7,"item_id":"msg_1","output_index":1,"content_index":0,"logprobs":[],"text":"Hel\"lo")") +
          typed(
              "response.content_part.done",
              R"("sequence_number":8,"item_id":"msg_1","output_index":1,"content_index":0,"part":)" +
                  part) +
          typed("response.output_item.done",
                R"("sequence_number":9,"output_index":1,"item":)" + item) +
          typed(
              "response.incomplete",
              R"("sequence_number":10,"response":{"incomplete_details":{"reason":"max_output_tokens"},)"
              R"("id":"resp_1","object":"response","status":"incomplete","model":"m-1","output":)"
              R"([{"id":"rs_1","type":"reasoning","summary":[]},)" +
                  item +
                  R"(],"usage":{"input_tokens":4,"input_tokens_details":{"cached_tokens":0},)"
                  R"("output_tokens":2,"output_tokens_details":{"reasoning_tokens":0},)"
                  R"("total_tokens":6},"tools":[]})"));
}

TEST(OpenAiResponsesStream, EndsWhenCutInsideAToolCallOrBeforeAnything) {
  const std::string call =
      typed(
          "response.output_item.added",
          R"("output_index":0,"item":{"id":"fc","type":"function_call","call_id":"c","name":"f","arguments":"","status":"in_progress"})") +
      typed("response.function_call_arguments.delta",
            R"("output_index":0,"item_id":"fc","delta":"{\"a")");
  for (const std::string& body : {call, std::string()}) {
    const auto reader = format.reader(openai_options("/v1/responses", true));
    std::string out;
    reader->feed(body, &out);
    const std::string ending = reader->cut_ending({});
    // Read by ourselves, it is a whole answer.
    const ReadResult again = read_pieces(format, openai_options("/v1/responses", true),
                                         byte_by_byte(body + ending), true);
    EXPECT_TRUE(again.reading.finished);
    EXPECT_EQ(again.reading.error, "");
    EXPECT_EQ(ending.find(R"("arguments":"{\"a")") != std::string::npos, !body.empty());
    for (std::size_t at = ending.find("data: "); at != std::string::npos;
         at = ending.find("data: ", at + 1)) {
      const std::string data = ending.substr(at + 6, ending.find('\n', at) - at - 6);
      simdjson::dom::parser parser;
      EXPECT_EQ(parser.parse(data).error(), simdjson::SUCCESS) << data;
    }
  }
}

TEST(OpenAiResponses, KnowsAnAnswerThatGoesOnInTheBackground) {
  const Reading queued =
      read_pieces(format, openai_options("/v1/responses", false),
                  {R"({"id":"r","status":"queued","output":[],"usage":null})"}, false)
          .reading;
  EXPECT_FALSE(queued.finished);
  EXPECT_FALSE(queued.input_reported);
  const Reading failed =
      read_pieces(
          format, openai_options("/v1/responses", true),
          {typed(
              "response.failed",
              R"("response":{"id":"r","model":"m","status":"failed","error":{"code":"x","message":"boom"}})")},
          false)
          .reading;
  EXPECT_TRUE(failed.finished);
  EXPECT_EQ(failed.error, "boom");
}

TEST(OpenAiResponses, CountsTheSearchesOfAnAnswer) {
  const std::string usage = R"("usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3})";
  const std::string item = R"({"id":"ws","type":"web_search_call","status":"completed"})";
  const std::string plain =
      R"({"id":"r","status":"completed","output":[)" + item + "," + item + "]," + usage + "}";
  const std::string streamed =
      typed("response.output_item.done", R"("output_index":0,"item":)" + item) +
      typed("response.completed", R"("response":{"output":[)" + item + "]," + usage + "}");
  EXPECT_EQ(read_pieces(format, openai_options("/v1/responses", false), {plain}, false)
                .reading.usage.search_units,
            2);
  EXPECT_EQ(read_pieces(format, openai_options("/v1/responses", true), {streamed}, false)
                .reading.usage.search_units,
            1);
}

TEST(OpenAiResponsesStream, IsReadTheSameForEverySplit) {
  expect_same_for_every_split(
      format,
      {{openai_options("/v1/responses", true),
        typed("response.created", R"("response":{"id":"r","model":"m"})") +
            typed(
                "response.completed",
                R"("response":{"id":"r","model":"m","usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}})")}});
}

}  // namespace
}  // namespace budget::wire
