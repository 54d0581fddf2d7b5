#include "proxy/wire/framing.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "proxy/wire/limits.h"

namespace budget::wire {
namespace {

// Understands what begins with '{' and ends with '}' or is [DONE]; drops what
// has "drop" in it.
class Recorder final : public EventSink {
 public:
  Verdict on_event(const Event& event) override {
    const bool whole =
        event.data == "[DONE]" || (event.data.starts_with('{') && event.data.ends_with('}'));
    if (!whole) return Verdict::unread;
    events.push_back(std::string(event.name) + "|" + std::string(event.data));
    return event.data.find("drop") == std::string_view::npos ? Verdict::keep : Verdict::drop;
  }
  std::vector<std::string> events;
};

using Make = std::unique_ptr<Splitter> (*)();

struct Result {
  std::vector<std::string> events;
  std::string out;
};

Result run(Make make, const std::vector<std::string_view>& pieces, bool with_out) {
  Recorder recorder;
  Result result;
  const auto splitter = make();
  for (const std::string_view piece : pieces) {
    // A copy of its own, so that reading behind it is seen by ASan.
    const std::vector<char> copy(piece.begin(), piece.end());
    splitter->feed({copy.data(), copy.size()}, recorder, with_out ? &result.out : nullptr);
  }
  splitter->finish(recorder, with_out ? &result.out : nullptr);
  result.events = recorder.events;
  return result;
}

struct Case {
  const char* name;
  Make make;
  std::string body;
  std::vector<std::string> events;
  std::string out;
};

std::vector<Case> cases() {
  const std::string sse = "data: {1}\n\ndata: {2}\n\ndata: [DONE]\n\n";
  return {
      {"LF", make_sse_splitter, sse, {"|{1}", "|{2}", "|[DONE]"}, sse},
      {"CR LF",
       make_sse_splitter,
       "data: {1}\r\n\r\ndata: {2}\r\n\r\n",
       {"|{1}", "|{2}"},
       "data: {1}\r\n\r\ndata: {2}\r\n\r\n"},
      {"CR",
       make_sse_splitter,
       "data: {1}\r\rdata: {2}\r\r",
       {"|{1}", "|{2}"},
       "data: {1}\r\rdata: {2}\r\r"},
      {"mark, no space, comments",
       make_sse_splitter,
       "\xEF\xBB\xBF"
       "data:{1}\n\n: keep-alive\n\nevent:a\ndata:{2}\n\n",
       {"|{1}", "a|{2}"},
       "\xEF\xBB\xBF"
       "data:{1}\n\n: keep-alive\n\nevent:a\ndata:{2}\n\n"},
      {"no blank lines",
       make_sse_splitter,
       "data: {1}\ndata: {2}\ndata: {drop}\ndata: [DONE]\n",
       {"|{1}", "|{2}", "|{drop}", "|[DONE]"},
       "data: {1}\ndata: {2}\ndata: [DONE]\n"},
      {"joined lines",
       make_sse_splitter,
       "data: {1\ndata: 2}\n\n",
       {"|{1\n2}"},
       "data: {1\ndata: 2}\n\n"},
      {"joined lines dropped",
       make_sse_splitter,
       "event: x\nid: 1\ndata: {1\ndata: drop}\n\n:\n\n",
       {"x|{1\ndrop}"},
       ":\n\n"},
      {"nonsense, then lines for themselves",
       make_sse_splitter,
       "data: hello\ndata: {1}\ndata: {drop}\n\n",
       {"|{1}", "|{drop}"},
       "data: hello\ndata: {1}\ndata: {drop}\n\n"},
      {"dropped with its name and blank line",
       make_sse_splitter,
       "data: {1}\r\n\r\nevent: u\r\ndata: {drop}\r\n\r\ndata: {2}\r\n\r\n",
       {"|{1}", "u|{drop}", "|{2}"},
       "data: {1}\r\n\r\ndata: {2}\r\n\r\n"},
      {"no end of line at the end",
       make_sse_splitter,
       "data: {1}\n\ndata: {2}",
       {"|{1}", "|{2}"},
       "data: {1}\n\ndata: {2}"},
      {"broken off",
       make_sse_splitter,
       "data: {1}\n\nevent: a\ndata: {2",
       {"|{1}"},
       "data: {1}\n\nevent: a\ndata: {2"},
      {"name ends with its event",
       make_sse_splitter,
       "event: a\ndata: {1}\n\ndata: {2}\n\n",
       {"a|{1}", "|{2}"},
       "event: a\ndata: {1}\n\ndata: {2}\n\n"},
      {"spaces behind data",
       make_sse_splitter,
       "data: {1}\nid\nretry: 5\n\n",
       {"|{1}"},
       "data: {1}\nid\nretry: 5\n\n"},
      {"NDJSON",
       make_ndjson_splitter,
       "{1}\n\n{2}\n{3}",
       {"|{1}", "|{2}", "|{3}"},
       "{1}\n\n{2}\n{3}"},
      {"NDJSON dropped",
       make_ndjson_splitter,
       "{1}\n{drop}\n{2}\n",
       {"|{1}", "|{drop}", "|{2}"},
       "{1}\n{2}\n"},
      {"array",
       make_json_array_splitter,
       "[{\"a\":\"]\\\"}\"}\n,\r\n{\"b\":[1,{}]}]\n",
       {"|{\"a\":\"]\\\"}\"}", "|{\"b\":[1,{}]}"},
       "[{\"a\":\"]\\\"}\"}\n,\r\n{\"b\":[1,{}]}]\n"},
      {"empty array", make_json_array_splitter, " [ ] ", {}, " [ ] "},
      {"no array",
       make_json_array_splitter,
       "{\"error\":{}}\n",
       {"|{\"error\":{}}"},
       "{\"error\":{}}\n"},
      {"broken array", make_json_array_splitter, "[{1},{2", {"|{1}"}, "[{1},{2"},
      {"no JSON at all", make_json_array_splitter, "]]hello}}", {}, "]]hello}}"},
      {"plain", make_plain_collector, "{\n1\n}", {"|{\n1\n}"}, "{\n1\n}"},
      {"plain and empty", make_plain_collector, "", {}, ""},
  };
}

TEST(Framing, FindsTheSameEventsAndBytesWholeByteByByteAndCutAnywhere) {
  for (const Case& test : cases()) {
    SCOPED_TRACE(test.name);
    std::string_view body = test.body;
    const std::vector<std::string>& expected = test.events;
    std::vector<std::vector<std::string_view>> splits = {{body}};
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < body.size(); ++i) {
      bytes.push_back(body.substr(i, 1));
      splits.push_back({body.substr(0, i), body.substr(i)});
    }
    splits.push_back(bytes);
    for (const auto& split : splits) {
      const Result with = run(test.make, split, true);
      EXPECT_EQ(with.events, expected);
      EXPECT_EQ(with.out, test.out);
      EXPECT_EQ(run(test.make, split, false).events, expected);
    }
  }
}

TEST(Framing, PassesAnEventOnAsSoonAsItIsWhole) {
  Recorder recorder;
  std::string out;
  const auto sse = make_sse_splitter();
  sse->feed("event: a\ndata: {1", recorder, &out);
  EXPECT_EQ(out, "");
  sse->feed("}\n", recorder, &out);
  EXPECT_EQ(out, "event: a\ndata: {1}\n");
  EXPECT_EQ(sse->separator(), "\n");
  sse->feed("\n", recorder, &out);
  EXPECT_EQ(out, "event: a\ndata: {1}\n\n");
  EXPECT_EQ(sse->separator(), "");
  sse->feed(": ping\n", recorder, &out);
  EXPECT_TRUE(out.ends_with(": ping\n"));

  const auto array = make_json_array_splitter();
  out.clear();
  EXPECT_EQ(array->separator(), "[");
  array->feed("[{1}\n", recorder, &out);
  EXPECT_EQ(out, "[{1}");
  EXPECT_EQ(array->separator(), ",");
  array->feed(",\n{2", recorder, &out);
  EXPECT_EQ(out, "[{1}");
  array->feed("}]", recorder, &out);
  EXPECT_EQ(out, "[{1}\n,\n{2}]");
}

TEST(Framing, PassesTooLongAnEventOnUnreadAndReadsTheNext) {
  const std::string filler(event_bytes_max + 10, 'x');
  const std::vector<std::pair<Make, std::string>> bodies = {
      {make_sse_splitter, "data: {" + filler + "}\n\ndata: {1}\n\n"},
      {make_sse_splitter, "data: {\ndata: " + filler + "\n\ndata: {1}\n\n"},
      {make_ndjson_splitter, "{" + filler + "}\n{1}\n"},
      {make_json_array_splitter, "[{" + filler + "},\n{1}]"},
  };
  for (const auto& [make, body] : bodies) {
    std::vector<std::string_view> pieces;
    for (std::string_view rest = body; !rest.empty();
         rest.remove_prefix(std::min<std::size_t>(rest.size(), 70'001))) {
      pieces.push_back(rest.substr(0, 70'001));
    }
    const Result result = run(make, pieces, true);
    const Result whole = run(make, {body}, true);
    EXPECT_TRUE(result.events == std::vector<std::string>{"|{1}"});
    EXPECT_TRUE(whole.events == result.events);
    EXPECT_TRUE(result.out == body && whole.out == body);
  }
}

TEST(Framing, ComparesContentTypesWithoutParametersAndCase) {
  EXPECT_TRUE(is_content_type("Text/Event-Stream; charset=utf-8", "text/event-stream"));
  EXPECT_TRUE(is_content_type(" application/json ", "application/json"));
  EXPECT_FALSE(is_content_type("application/jsonl", "application/json"));
  EXPECT_FALSE(is_content_type("", "application/json"));
}

}  // namespace
}  // namespace budget::wire
