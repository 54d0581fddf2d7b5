// The price file's format: what is refused, and with what words.
#include <gtest/gtest.h>

#include "pricing/catalog_json.h"

namespace budget::pricing {
namespace {

std::string file_with(std::string_view rows) {
  return R"({"format":1,"date":"2026-01-02","sources":["s"],"providers":[{"id":"p","models":[)"
         R"({"model":"m","rows":[)" +
         std::string(rows) + "]}]}]}";
}

TEST(PriceFile, SaysWhatIsWrongAndWhere) {
  const struct {
    std::string json;
    std::string_view error;
  } cases[] = {
      {"", "not JSON"},
      {"[]", "not a price file of format 1"},
      {R"({"format":2})", "not a price file of format 1"},
      {R"({"format":1,"date":"soon"})", "no date"},
      {R"({"format":1,"date":"2026-02-30"})", "no date"},
      {R"({"format":1,"date":"2026-01-02","sources":[]})", "no providers"},
      {R"({"format":1,"date":"2026-01-02","sources":[],"providers":[{}]})", "without an id"},
      {file_with(""), "p/m: no rows"},
      {file_with(R"({"source":1,"rates":{"input":"1"}})"), "p/m: no such source"},
      {file_with(R"({"source":0,"rates":{}})"),
       "p/m: neither tokens nor anything else has a price"},
      {file_with(R"({"source":0,"rates":{"cache_read":"1"}})"), "p/m: neither tokens"},
      {file_with(R"({"source":0,"rates":{"input":1}})"), "p/m: input: not a string"},
      {file_with(R"({"source":0,"rates":{"input":"-1"}})"), "p/m: input: '-1' is not a price"},
      {file_with(R"({"source":0,"rates":{"inptu":"1"}})"), "p/m: unknown rate 'inptu'"},
      {file_with(R"({"source":0,"from":"2026","rates":{"input":"1"}})"), "p/m: from: '2026'"},
      {file_with(R"({"source":0,"rates":{"input":"1"},"service_tiers":{"gold":{}}})"),
       "p/m: unknown service tier 'gold'"},
      {file_with(R"({"source":0,"rates":{"input":"1"},"utc":["1","2"]})"), "p/m: utc"},
      {file_with(R"({"source":0,"rates":{"input":"1"},"utc":["01:00","02:00"]})"),
       "p/m: a daily window without a price to vary"},
      {file_with(R"({"source":0,"from":"2026-01-02","rates":{"input":"1"}},)"
                 R"({"source":0,"from":"2026-01-01","rates":{"input":"1"}})"),
       "p/m: rows are not ascending in time"},
  };
  for (const auto& [json, error] : cases) {
    const auto file = read_price_file(json);
    ASSERT_FALSE(file) << json;
    EXPECT_TRUE(file.error().contains(error)) << file.error() << "\n" << json;
  }
}

TEST(PriceFile, NamesEveryRowByItsFirstDay) {
  const auto file = read_price_file(file_with(
      R"({"source":0,"rates":{"input":"1"}},{"source":0,"from":"2026-01-09","rates":{"input":"2"}},)"
      R"({"source":0,"from":"2026-01-09","rates":{"input":"3"},"utc":["22:30","06:00"]})"));
  ASSERT_TRUE(file) << file.error();
  const auto& rows = file->providers.at(0).models.at(0).rows;
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].id, "p/m@start");
  EXPECT_EQ(rows[1].id, "p/m@2026-01-09");
  EXPECT_EQ(rows[2].id, "p/m@2026-01-09T22:30");
  const auto undated =
      read_price_file(file_with(R"({"source":0,"rates":{"input":"0","output":"0"}})"));
  ASSERT_TRUE(undated);
  EXPECT_EQ(undated->providers.at(0).models.at(0).rows.at(0).id, "p/m@2026-01-02");
  EXPECT_TRUE(undated->providers.at(0).models.at(0).rows.at(0).free);
}

TEST(PriceFile, CallsNothingFreeByOmission) {
  for (const std::string_view rates : {R"({"input":"0"})", R"({"output":"0"})",
                                       R"({"input":"0","output":"0","request":"0.01"})"}) {
    const auto file =
        read_price_file(file_with(R"({"source":0,"rates":)" + std::string(rates) + "}"));
    ASSERT_TRUE(file) << file.error();
    EXPECT_FALSE(file->providers.at(0).models.at(0).rows.at(0).free) << rates;
  }
}

TEST(DailyWindow, MayPassMidnight) {
  using namespace std::chrono_literals;
  const DailyWindow night{22h, 6h};
  EXPECT_TRUE(night.contains(23h));
  EXPECT_TRUE(night.contains(0h));
  EXPECT_FALSE(night.contains(6h));
  EXPECT_FALSE(night.contains(12h));
  const DailyWindow day{6h, 22h};
  EXPECT_TRUE(day.contains(6h));
  EXPECT_FALSE(day.contains(22h));
}

}  // namespace
}  // namespace budget::pricing
