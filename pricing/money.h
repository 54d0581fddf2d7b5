// Sums of money, in nano-USD (1 USD = 1,000,000,000 nano-USD).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pricing/quantity.h"

namespace budget::pricing {

struct NanoUsdUnit;
// A sum of money: Money(1) is one nano-USD, a billionth of a US dollar. The
// largest sum is about 9.2 billion USD.
using Money = Quantity<NanoUsdUnit>;

// Reads a decimal number of US dollars ("5", "0.25", "-1.5"): at most nine
// decimal places, no exponent, no sign but '-'. nullopt when `usd` is anything
// else or does not fit.
[[nodiscard]] std::optional<Money> parse_usd(std::string_view usd);

// US dollars with exactly nine decimal places: "0.001234500".
[[nodiscard]] std::string to_usd(Money amount);

// US dollars for people: at least two decimal places, at most nine, no
// trailing zeros beyond the second ("5.00", "0.0012345").
[[nodiscard]] std::string to_usd_short(Money amount);

}  // namespace budget::pricing
