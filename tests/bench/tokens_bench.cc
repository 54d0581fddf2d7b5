// How fast counting is, in bytes per second, on ordinary and hostile texts.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "pricing/tokens/count.h"

namespace budget::pricing {
namespace {

constexpr std::size_t megabyte = 1'000'000;

// Words of the lengths and frequencies of English, with punctuation, numbers
// and line breaks; made, not quoted, so that it needs no file.
std::string prose() {
  static const std::vector<std::string> words = {
      "the",     "of",       "and",       "to",        "in",       "is",        "that",
      "for",     "budget",   "provider",  "request",   "tokens",   "when",      "with",
      "limit",   "because",  "counter",   "would",     "reserve",  "answers",   "streaming",
      "model",   "exceeded", "measured",  "latency",   "whatever", "carefully", "settlement",
      "ledger",  "number",   "yesterday", "morning",   "team",     "dashboard", "expensive",
      "retries", "observes", "uncounted", "overspend", "proxies",  "Kubernetes"};
  std::mt19937_64 random(1);
  std::string text;
  while (text.size() < megabyte) {
    const auto pick = random() % 100;
    // Frequent words are the short ones, at the front.
    text += words[std::min(random() % words.size(), random() % words.size())];
    if (pick < 6) text += ",";
    if (pick >= 94) text += ".\n";
    if (pick == 50) text += " " + std::to_string(random() % 100'000);
    if (pick == 51) text += "'s";
    text += ' ';
  }
  return text;
}

std::string source_code() {
  static const std::string block =
      "  for (std::size_t i = 0; i + 1 < parts_.size(); ++i) {\n"
      "    if (ranks_[i] < best_rank) {  // leftmost of equals\n"
      "      best_rank = ranks_[i];\n      best = i;\n    }\n  }\n"
      "def handle_request(self, request: Request) -> Response:\n"
      "    return Response(status=429, headers={\"retry-after\": \"30\"})\n";
  std::string text;
  while (text.size() < megabyte) text += block;
  return text;
}

std::string chinese() {
  std::mt19937_64 random(2);
  std::string text;
  while (text.size() < megabyte) {
    const auto point = 0x4E00 + random() % 3000;
    text += {static_cast<char>(0xE0 | point >> 12), static_cast<char>(0x80 | (point >> 6 & 0x3F)),
             static_cast<char>(0x80 | (point & 0x3F))};
  }
  return text;
}

std::string random_of(std::string_view alphabet) {
  std::mt19937_64 random(3);
  std::string text;
  while (text.size() < megabyte) text += alphabet[random() % alphabet.size()];
  return text;
}

std::string random_bytes() {
  std::mt19937_64 random(4);
  std::string text;
  while (text.size() < megabyte) text += static_cast<char>(random());
  return text;
}

void count(benchmark::State& state, const std::string& text, Encoding encoding) {
  std::int64_t tokens = 0;
  for (auto _ : state) {
    tokens = count_tokens(encoding, text).value();
    benchmark::DoNotOptimize(tokens);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
  state.counters["bytes/token"] =
      static_cast<double>(text.size()) / static_cast<double>(std::max<std::int64_t>(tokens, 1));
}

void add(const std::string& name, const std::string& text) {
  for (const auto encoding : {Encoding::o200k_base, Encoding::cl100k_base}) {
    benchmark::RegisterBenchmark(
        (name + "/" + std::string(name_of(encoding))).c_str(),
        [text, encoding](benchmark::State& state) { count(state, text, encoding); });
  }
}

}  // namespace
}  // namespace budget::pricing

int main(int argc, char** argv) {
  using namespace budget::pricing;
  add("prose", prose());
  add("source_code", source_code());
  add("chinese", chinese());
  add("100k_times_a", std::string(100'000, 'a'));
  add("1MB_random_letters", random_of("abcdefghijklmnopqrstuvwxyz"));
  add("1MB_base64", random_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"));
  add("1MB_of_two_letters", random_of("ab"));
  add("1MB_punctuation", random_of("!\"#$%&()*+,-./:;<=>?@[]^_{|}~"));
  add("1MB_capitals", random_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
  add("1MB_spaces", std::string(megabyte, ' '));
  add("1MB_mixed_space", random_of(" \t\n"));
  add("1MB_random_bytes", random_bytes());
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
