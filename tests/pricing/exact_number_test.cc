#include "pricing/exact_number.h"

#include <gtest/gtest.h>

#include <limits>

namespace budget::pricing {
namespace {

TEST(ExactNumber, IsReadFromItsTextWithoutFloatingPoint) {
  struct Case {
    std::string_view text;
    int power;
    std::int64_t value;
  };
  for (const Case& each : {
           Case{"1.5e-07", 12, 150'000},
           Case{"1.5E-7", 12, 150'000},
           Case{"2.5e-06", 12, 2'500'000},
           Case{"0.00000015", 12, 150'000},
           Case{"2.4414e-07", 12, 244'140},
           Case{"0", 12, 0},
           Case{"0.0", 12, 0},
           Case{"0e5", 12, 0},
           Case{"3", 6, 3'000'000},
           Case{"0.1", 6, 100'000},
           Case{"1.075", 6, 1'075'000},
           Case{"6e-1", 6, 600'000},
           Case{"128000", 0, 128'000},
           Case{"1e3", 0, 1000},
           Case{"1e+3", 0, 1000},
           Case{"9223372036854775807", 0, std::numeric_limits<std::int64_t>::max()},
       }) {
    EXPECT_EQ(scaled_number(each.text, each.power), each.value) << each.text;
  }
}

TEST(ExactNumber, RoundsWhatSomebodysFloatingPointLeft) {
  EXPECT_EQ(scaled_number("3.0000000000000004e-06", 12), 3'000'000);
  EXPECT_EQ(scaled_number("2.9999999999999997e-06", 12), 3'000'000);
  EXPECT_EQ(scaled_number("1.5", 0), 2);
  EXPECT_EQ(scaled_number("1.4", 0), 1);
}

TEST(ExactNumber, NeverMakesAPriceNothing) {
  EXPECT_EQ(scaled_number("1e-13", 12), 1);
  EXPECT_EQ(scaled_number("1e-300", 12), 1);
  EXPECT_EQ(scaled_number("0.4", 0), 1);
}

TEST(ExactNumber, RefusesWhatIsNoNumber) {
  for (const std::string_view text :
       {"",         "-1",
        "-0.5e-7",  "+1",
        ".5",       "1.",
        "1.e5",     "1e",
        "1e+",      "1e-",
        "01",       "0x10",
        "1,5",      "NaN",
        "Infinity", "1 ",
        " 1",       "1e401",
        "1e-401",   "1e99999999999",
        "1.2.3",    "null",
        "1e5.5",    "11111111111111111111111111111111111111111111111111111111111111111"}) {
    EXPECT_FALSE(scaled_number(text, 12)) << text;
  }
}

TEST(ExactNumber, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(scaled_number("9223372036854775808", 0));
  EXPECT_FALSE(scaled_number("1e10", 12));
  EXPECT_FALSE(scaled_number("9223372036854775807.5", 0));
}

}  // namespace
}  // namespace budget::pricing
