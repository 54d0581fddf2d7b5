#include "pricing/price_merge.h"

#include <gtest/gtest.h>

#include "pricing/catalog.h"
#include "pricing/rate.h"

namespace budget::pricing {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

const sys_seconds noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + seconds(43'200);

PriceFile shipped() {
  auto file = read_price_file(R"({"format":1,"date":"2026-09-23","sources":["shipped"],"providers":[
    {"id":"openai","models":[
      {"model":"gpt","aliases":["gpt-2026"],"families":["gpt*"],"context_window":1000,"rows":[
        {"source":0,"rates":{"input":"2","output":"8","cache_write_1h":"5"},
         "service_tiers":{"batch":{"input":"1"}}}]},
      {"model":"hourly","rows":[{"source":0,"rates":{"input":"1","output":"1"}},
        {"source":0,"rates":{"input":"0.5","output":"0.5"},"utc":["00:00","23:59"]}]}]}]})");
  return std::move(*file);
}

PriceFile listing(std::string_view model, std::string_view input, std::string_view output) {
  Price row;
  row.provider = "openai";
  row.model = model;
  row.source = "list";
  row.rates.input = parse_rate_per_million(input);
  row.rates.output = parse_rate_per_million(output);
  ModelEntry entry;
  entry.name = model;
  entry.rows = {row};
  PriceFile file;
  file.date = "2026-11-24";
  file.providers.push_back({.id = "openai", .hosts = {}, .names = {}, .models = {entry}});
  return file;
}

// One catalog over several merges, as the feed keeps it.
struct Book {
  PriceFile base = shipped();
  PriceFile own;
  PriceFile overrides;
  sys_seconds now = noon;

  MergeOutcome merge(const std::vector<std::pair<std::string, PriceFile>>& lists) {
    std::vector<Listing> listings;
    std::int64_t trust = 900'000;
    for (const auto& [name, file] : lists) listings.push_back({name, trust -= 100'000, &file});
    MergeOutcome outcome = merge_prices({base, own, listings, overrides, now, 10'000});
    own = outcome.own;
    // As it is kept: written, and read again.
    if (!own.providers.empty()) own = read_price_file(write_price_file(own)).value();
    return outcome;
  }
  [[nodiscard]] FoundPrice find(std::string_view model, sys_seconds at) const {
    PriceFile all = base;
    add_rows(all, own);
    catalogs.push_back(Catalog::of(std::move(all)));
    return catalogs.back()->find({"openai", "openai", false}, model, at, rules);
  }
  mutable std::vector<std::shared_ptr<const Catalog>> catalogs;
  PriceRules rules;
};

TEST(PriceMerge, KeepsHistoryWhenAPriceChanges) {
  Book book;
  const MergeOutcome outcome = book.merge({{"a", listing("gpt", "2.8", "8")}});
  ASSERT_EQ(outcome.changes.size(), 1U);
  EXPECT_EQ(outcome.changes[0].change_ppm, 400'000);
  EXPECT_EQ(outcome.changes[0].before->rates.input, 2'000'000);
  const FoundPrice before = book.find("gpt", noon - seconds(1));
  EXPECT_EQ(before.price->rates.input, 2'000'000);
  EXPECT_EQ(before.id(), "openai/gpt@2026-09-23");
  const FoundPrice after = book.find("gpt", noon);
  EXPECT_EQ(after.price->rates.input, 2'800'000);
  EXPECT_EQ(after.id(), "openai/gpt@2026-11-24T12:00:00Z");
  EXPECT_EQ(after.price->rates.cache_write_1h, 5'000'000) << "what is not stated stays";
  ASSERT_EQ(after.price->service_tiers.size(), 1U);
  EXPECT_EQ(after.price->context_window, Tokens(1000));
}

TEST(PriceMerge, AddsNothingWhereACallWouldPayTheSame) {
  Book book;
  MergeOutcome outcome = book.merge({{"a", listing("gpt", "2", "8")}});
  EXPECT_TRUE(outcome.changes.empty());
  EXPECT_TRUE(outcome.own_changed) << "the price is verified now";
  EXPECT_TRUE(book.find("gpt", noon).price->verified);
  outcome = book.merge({{"a", listing("gpt", "2", "8")}});
  EXPECT_FALSE(outcome.own_changed);
  outcome = book.merge({{"a", listing("gpt-2026", "2", "8")}});
  EXPECT_TRUE(outcome.changes.empty()) << "another name of the same model";
}

TEST(PriceMerge, TakesTheMostTrustedWhereSourcesDisagree) {
  Book book;
  const MergeOutcome outcome =
      book.merge({{"a", listing("gpt", "3", "8")}, {"b", listing("gpt", "4", "8")}});
  ASSERT_EQ(outcome.conflicts.size(), 1U);
  EXPECT_EQ(outcome.conflicts[0].sides[0].source, "a");
  EXPECT_EQ(outcome.conflicts[0].sides[1].source, "b");
  const FoundPrice found = book.find("gpt", noon);
  EXPECT_EQ(found.price->rates.input, 3'000'000);
  EXPECT_FALSE(found.price->verified);
}

TEST(PriceMerge, VerifiesWithinTheTolerance) {
  Book book;
  const MergeOutcome outcome =
      book.merge({{"a", listing("gpt", "3", "8")}, {"b", listing("gpt", "3.02", "8")}});
  EXPECT_TRUE(outcome.conflicts.empty());
  EXPECT_TRUE(book.find("gpt", noon).price->verified);
  EXPECT_EQ(book.find("gpt", noon).price->rates.input, 3'000'000);
}

TEST(PriceMerge, HoldsBackWhatLooksLikeAMistakeInUnits) {
  Book book;
  MergeOutcome outcome = book.merge({{"a", listing("gpt", "2000", "8000")}});
  EXPECT_TRUE(outcome.changes.empty());
  ASSERT_EQ(outcome.conflicts.size(), 1U);
  EXPECT_TRUE(outcome.conflicts[0].implausible);
  EXPECT_EQ(book.find("gpt", noon).price->rates.input, 2'000'000);
  outcome =
      book.merge({{"a", listing("gpt", "2000", "8000")}, {"b", listing("gpt", "2000", "8000")}});
  EXPECT_EQ(outcome.changes.size(), 1U) << "two that agree are believed";
}

TEST(PriceMerge, KeepsThePriceOfAModelThatIsListedNoMore) {
  Book book;
  book.merge({{"a", listing("gpt", "3", "8")}});
  book.now += seconds(60);
  const MergeOutcome outcome = book.merge({{"a", listing("other", "1", "1")}});
  EXPECT_EQ(outcome.changes.size(), 1U);
  EXPECT_EQ(book.find("gpt", book.now).price->rates.input, 3'000'000);
}

TEST(PriceMerge, FollowsAnOperatorAndThenWhatTheSourcesSay) {
  Book book;
  const PriceFile list = listing("gpt", "3", "8");
  book.merge({{"a", list}});
  book.now += seconds(60);
  book.overrides = listing("gpt", "1", "2");
  book.rules.adjustments.push_back({"openai/*", 500'000});
  MergeOutcome outcome = book.merge({{"a", list}});
  ASSERT_EQ(outcome.changes.size(), 1U);
  const FoundPrice stated = book.find("gpt", book.now);
  EXPECT_EQ(stated.match, PriceMatch::override_);
  EXPECT_EQ(stated.price->rates.input, 1'000'000);
  EXPECT_EQ(stated.adjust_ppm, 1'000'000) << "what is stated is what is paid";
  EXPECT_EQ(stated.id(), "openai/gpt@2026-11-24T12:01:00Z");
  book.now += seconds(60);
  EXPECT_FALSE(book.merge({{"a", list}}).own_changed);
  book.overrides = {};
  outcome = book.merge({{"a", list}});
  ASSERT_EQ(outcome.changes.size(), 1U);
  EXPECT_EQ(book.find("gpt", book.now).price->rates.input, 3'000'000);
  EXPECT_EQ(book.find("gpt", book.now).adjust_ppm, 500'000);
  EXPECT_EQ(book.find("gpt", noon + seconds(90)).price->rates.input, 1'000'000) << "history stays";
}

TEST(PriceMerge, LeavesAModelWithoutAPriceWhenTheOnlyOneIsTakenBack) {
  Book book;
  book.overrides = listing("house-model", "1", "2");
  book.merge({});
  EXPECT_TRUE(book.find("house-model", noon).priced());
  book.now += seconds(60);
  book.overrides = {};
  const MergeOutcome outcome = book.merge({});
  ASSERT_EQ(outcome.changes.size(), 1U);
  EXPECT_FALSE(outcome.changes[0].after);
  EXPECT_FALSE(book.find("house-model", book.now).priced());
  EXPECT_TRUE(book.find("house-model", noon).priced());
  book.now += seconds(60);
  EXPECT_FALSE(book.merge({}).own_changed);
}

TEST(PriceMerge, ComparesWithThePriceBehindTheHours) {
  Book book;
  EXPECT_TRUE(book.merge({{"a", listing("hourly", "1", "1")}}).changes.empty());
  EXPECT_EQ(book.find("hourly", noon).price->rates.input, 500'000);
}

TEST(PriceMerge, KeepsChangesOfTheSameSecondApart) {
  Book book;
  book.merge({{"a", listing("gpt", "3", "8")}});
  const MergeOutcome outcome = book.merge({{"a", listing("gpt", "4", "8")}});
  ASSERT_EQ(book.own.providers.at(0).models.at(0).rows.size(), 2U);
  const FoundPrice found = book.find("gpt", noon);
  EXPECT_EQ(found.price->rates.input, 4'000'000);
  EXPECT_EQ(found.id(), "openai/gpt@2026-11-24T12:00:00Z.2");
  ASSERT_EQ(outcome.changes.size(), 1U);
  EXPECT_EQ(outcome.changes[0].after->id, found.id()) << "what is told is what is kept";
}

TEST(PriceMerge, BoundsTheHistory) {
  Book book;
  for (int i = 0; i < 70; ++i) {
    book.now += seconds(60);
    book.merge({{"a", listing("gpt", i % 2 == 0 ? "3" : "4", "8")}});
  }
  EXPECT_EQ(book.own.providers.at(0).models.at(0).rows.size(), own_rows_max);
}

TEST(PriceMerge, ReadsItsOwnRowsOverThePublishedOnes) {
  PriceFile all = Catalog::shipped_file();
  const std::size_t providers = all.providers.size();
  add_rows(all, listing("gpt-4o", "9", "9"));
  EXPECT_EQ(all.providers.size(), providers);
}

}  // namespace
}  // namespace budget::pricing
