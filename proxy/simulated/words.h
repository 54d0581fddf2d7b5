// What the built-in provider says: plain sentences of ordinary words.
#pragma once

#include <cstdint>
#include <string>

#include "proxy/simulated/seed.h"

namespace budget::simulated {

// Sentences of exactly `tokens` tokens. Every word with its leading space, and
// every full stop, is one token in o200k_base and in cl100k_base, whatever
// stands beside it (tests/simulated/words_test.cc counts them), so the number
// of next() calls is the number of tokens. ASCII without quotes or
// backslashes: it stands in JSON as it is. The words depend on the seed alone;
// a smaller number of tokens gives the beginning of the same text, except that
// an uncut text's last token is a full stop.
class Words {
 public:
  Words(std::uint64_t seed, std::int64_t tokens, bool cut)
      : random_(seed), left_(tokens), cut_(cut) {}

  // Appends one token; false, with nothing appended, at the end.
  bool next(std::string& out);
  [[nodiscard]] std::int64_t left() const { return left_; }

 private:
  Random random_;
  std::int64_t left_;
  bool cut_;
  bool first_ = true;
  const char* pattern_ = "";  // of the current sentence, from the next word on
  bool sentence_start_ = false;
};

}  // namespace budget::simulated
