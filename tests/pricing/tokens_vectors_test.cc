// Compares with the answers of OpenAI's own tokenizer, recorded elsewhere.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <string>
#include <vector>

#include "pricing/tokens/count.h"

namespace budget::pricing {
namespace {

std::vector<std::uint32_t> ids_of(simdjson::dom::element array) {
  std::vector<std::uint32_t> ids;
  for (const std::uint64_t id : simdjson::dom::array(array)) {
    ids.push_back(static_cast<std::uint32_t>(id));
  }
  return ids;
}

// Runs `check(encoding, text, line)` on each line of a file; returns how many.
template <class Check>
int each_vector(const std::string& name, Check check) {
  std::ifstream file(std::string(BUDGET_SHARED_DIR) + "/vectors/" + name);
  simdjson::dom::parser parser;
  std::string line;
  int lines = 0;
  while (std::getline(file, line)) {
    SCOPED_TRACE(name + ":" + std::to_string(++lines));
    const simdjson::dom::element vector = parser.parse(line);
    const std::string_view encoding = vector["encoding"];
    const std::string_view text = vector["text"];
    check(*encoding_named(encoding), text, vector);
  }
  return lines;
}

TEST(TokenVectors, AgreeWithOpenAisTokenizer) {
  const int lines = each_vector("token_vectors.jsonl", [](Encoding encoding, std::string_view text,
                                                          simdjson::dom::element vector) {
    EXPECT_EQ(count_tokens(encoding, text).value(), std::int64_t(vector["count"]));
    const auto ids = encode(encoding, text);
    EXPECT_EQ(static_cast<std::int64_t>(ids.size()), std::int64_t(vector["count"]));
    if (simdjson::dom::element expected; vector["ids"].get(expected) == simdjson::SUCCESS) {
      EXPECT_EQ(ids, ids_of(expected));
    }
  });
  if (lines == 0) GTEST_SKIP() << "no vectors in " << BUDGET_SHARED_DIR;
  EXPECT_EQ(lines, 2000);
}

TEST(TokenVectors, TakeTiktokensSideWhereReferencesDiffer) {
  const int lines =
      each_vector("token_vectors_disputed.jsonl",
                  [](Encoding encoding, std::string_view text, simdjson::dom::element vector) {
                    EXPECT_EQ(encode(encoding, text), ids_of(vector["tiktoken"]["ids"]));
                  });
  if (lines == 0) GTEST_SKIP() << "no vectors in " << BUDGET_SHARED_DIR;
  EXPECT_EQ(lines, 37);
}

}  // namespace
}  // namespace budget::pricing
