#include "proxy/simulated/words.h"

#include <array>
#include <span>
#include <string_view>

namespace budget::simulated {
namespace {

using List = std::span<const std::string_view>;

constexpr auto determiners = std::to_array<std::string_view>(
    {"the", "this", "each", "every", "another", "one", "the", "our", "their", "the"});
constexpr auto adjectives = std::to_array<std::string_view>(
    {"small", "large", "great", "good",   "new",   "old",    "long",  "short",  "high",
     "low",   "early", "clear", "simple", "plain", "strong", "quiet", "bright", "light",
     "dark",  "deep",  "warm",  "cold",   "fresh", "common", "local", "public", "single",
     "whole", "final", "first", "second", "last",  "true",   "full",  "free",   "ready",
     "safe",  "slow",  "fast",  "easy",   "hard",  "fair",   "young", "little", "open"});
constexpr auto nouns = std::to_array<std::string_view>(
    {"people",  "person",  "child",    "family",  "friend",  "group",   "team",   "member",
     "leader",  "teacher", "student",  "worker",  "writer",  "reader",  "doctor", "author",
     "artist",  "player",  "house",    "home",    "room",    "door",    "window", "garden",
     "street",  "road",    "city",     "town",    "country", "river",   "lake",   "sea",
     "field",   "forest",  "tree",     "bird",    "dog",     "cat",     "fish",   "animal",
     "plant",   "water",   "air",      "fire",    "stone",   "metal",   "wood",   "paper",
     "glass",   "food",    "table",    "chair",   "book",    "letter",  "word",   "page",
     "story",   "song",    "picture",  "machine", "engine",  "tool",    "wheel",  "line",
     "circle",  "point",   "part",     "side",    "edge",    "center",  "day",    "night",
     "evening", "hour",    "minute",   "week",    "month",   "year",    "season", "summer",
     "winter",  "spring",  "moment",   "history", "future",  "work",    "game",   "plan",
     "rule",    "law",     "order",    "place",   "space",   "level",   "number", "measure",
     "amount",  "value",   "price",    "cost",    "market",  "money",   "bank",   "trade",
     "report",  "result",  "question", "answer",  "problem", "reason",  "cause",  "effect",
     "change",  "growth",  "process",  "system",  "model",   "method",  "test",   "example",
     "record",  "signal",  "message",  "service", "project", "company", "school", "office",
     "station", "bridge",  "tower",    "wall",    "floor"});
constexpr auto verbs = std::to_array<std::string_view>(
    {"made",    "took",    "gave",      "found",    "kept",       "held",      "brought",
     "built",   "moved",   "turned",    "followed", "led",        "met",       "reached",
     "learned", "wrote",   "read",      "heard",    "saw",        "knew",      "felt",
     "left",    "sent",    "showed",    "shared",   "closed",     "opened",    "joined",
     "used",    "changed", "helped",    "served",   "started",    "stopped",   "asked",
     "called",  "named",   "needed",    "wanted",   "remembered", "described", "compared",
     "chose",   "offered", "supported", "raised",   "covered",    "passed",    "carried",
     "watched", "crossed", "tested",    "played",   "checked",    "counted",   "measured",
     "drew",    "bought",  "sold",      "caught",   "won",        "lost"});
constexpr auto prepositions = std::to_array<std::string_view>(
    {"in",      "on",     "for",     "with",   "from",    "by",     "at",
     "near",    "before", "after",   "about",  "over",    "under",  "between",
     "through", "during", "without", "within", "against", "around", "along"});
constexpr auto adverbs = std::to_array<std::string_view>(
    {"often", "always", "never", "usually", "sometimes", "almost", "soon", "again", "today", "now",
     "later", "once", "perhaps", "still", "then", "here", "there", "just", "also"});
constexpr auto conjunctions = std::to_array<std::string_view>(
    {"and", "but", "while", "because", "so", "when", "where", "until", "since", "before", "after"});

// Sentences, a letter a word: determiner, adjective, noun, verb, preposition,
// adverb, conjunction; a full stop ends each.
constexpr std::array<const char*, 8> patterns = {
    "danvdnpdn.", "dnvdanpdan.",   "xdnvdn.",          "pdandnvdan.",
    "danvdan.",   "cdnvdndnxvdn.", "dnpdnvdancdnvdn.", "xpdndanvdn.",
};

List list_of(char kind) {
  switch (kind) {
    case 'd':
      return determiners;
    case 'a':
      return adjectives;
    case 'n':
      return nouns;
    case 'v':
      return verbs;
    case 'p':
      return prepositions;
    case 'x':
      return adverbs;
    default:
      return conjunctions;
  }
}

}  // namespace

bool Words::next(std::string& out) {
  if (left_ <= 0) return false;
  --left_;
  if (*pattern_ == '\0') {
    pattern_ = patterns[random_.below(patterns.size())];
    sentence_start_ = true;
  }
  // The last token closes the sentence, unless the ceiling cuts it or there is
  // no sentence to close.
  const bool close = left_ == 0 && !cut_ && !sentence_start_;
  const char kind = close ? '.' : *pattern_;
  ++pattern_;
  if (kind == '.') {
    out += '.';
    return true;
  }
  const List list = list_of(kind);
  const std::string_view word = list[random_.below(list.size())];
  if (!first_) out += ' ';
  const std::size_t at = out.size();
  out += word;
  if (sentence_start_) out[at] = static_cast<char>(out[at] - 'a' + 'A');
  first_ = false;
  sentence_start_ = false;
  return true;
}

}  // namespace budget::simulated
