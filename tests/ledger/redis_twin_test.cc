// What the scripts compute, compared with what C++ computes, on figures chosen
// to hurt: around zero, 2^53, the largest and the smallest.
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "policy/ledger/message_pack.h"
#include "policy/ledger/redis_scripts.h"
#include "tests/ledger/redis_server.h"

namespace budget::ledger {
namespace {

using policy::Enforcement;
using pricing::Money;
using pricing::Tokens;

constexpr int kCases = 5'000;

class RedisTwin : public testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::installed()) GTEST_SKIP() << "redis-server is not installed";
    std::printf("seed %u\n", seed_);
  }

  // A figure that is likely to be near an edge, or near another one.
  std::int64_t figure() {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    static constexpr std::int64_t kEdges[] = {0,
                                              1'000'000'000,
                                              999'999'999'999'999,
                                              std::int64_t{1} << 53,
                                              -(std::int64_t{1} << 53),
                                              std::int64_t{1} << 62,
                                              kMost - 5,
                                              -kMost + 5};
    switch (random_() % 4) {
      case 0:
        return static_cast<std::int64_t>(random_());
      case 1:
        return static_cast<std::int64_t>(random_() % 1'000);
      default:
        return kEdges[random_() % std::size(kEdges)] +
               (static_cast<std::int64_t>(random_() % 9) - 4);
    }
  }
  std::int64_t count() { return static_cast<std::int64_t>(random_() % 6); }

  RedisReply evaluate(const std::string& body, const Packer& argument) {
    return shared_redis().ask({"EVAL", script_arithmetic() + body, "0", argument.bytes()});
  }

  unsigned seed_ = 20'261'124;
  std::mt19937_64 random_{seed_};
};

TEST_F(RedisTwin, ArithmeticIsThatOfQuantity) {
  Packer out;
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  out.array(kCases);
  for (int i = 0; i < kCases; ++i) {
    const std::int64_t a = figure();
    const std::int64_t b = random_() % 5 == 0 ? a : figure();
    pairs.emplace_back(a, b);
    out.array(3);
    out.text(std::to_string(a));  // as a hash holds it
    out.integer(b);               // as a request holds it
    out.integer(a);
  }
  const RedisReply reply = evaluate(R"lua(
    local out = {}
    for _, case in ipairs(cmsgpack.unpack(ARGV[1])) do
      local a, b = int(case[1]), case[2]
      out[#out + 1] = table.concat({
        text_of(add(a, b)), text_of(sub(a, b)), less(a, b) and 'less' or 'not less',
        equal(a, b) and 'equal' or 'unequal', text_of(smaller(a, b)), text_of(larger(a, b)),
        equal(a, case[3]) and 'same' or 'other',
        text_of(cmsgpack.unpack(cmsgpack.pack({sub(a, b)}))[1])}, ' ')
    end
    return out)lua",
                                    out);
  ASSERT_EQ(reply.value().size(), pairs.size()) << reply.value().text();
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto [a, b] = pairs[i];
    const auto text = [](Tokens value) { return std::to_string(value.value()); };
    const std::string expected =
        text(Tokens(a) + Tokens(b)) + " " + text(Tokens(a) - Tokens(b)) +
        (a < b ? " less" : " not less") + (a == b ? " equal" : " unequal") + " " +
        std::to_string(std::min(a, b)) + " " + std::to_string(std::max(a, b)) + " same " +
        text(Tokens(a) - Tokens(b));
    ASSERT_EQ(reply.value().at(i).text(), expected) << a << " and " << b;
  }
}

TEST_F(RedisTwin, BrokenLimitIsThatOfThePolicies) {
  Packer out;
  std::vector<std::optional<policy::Unit>> expected;
  const auto pack_amount = [&out](const Amount& amount, bool as_text) {
    out.array(3);
    for (const std::int64_t each :
         {amount.cost.value(), amount.input.value(), amount.output.value()}) {
      if (as_text) {
        out.text(std::to_string(each));
      } else {
        out.integer(each);
      }
    }
  };
  out.array(kCases);
  for (int i = 0; i < kCases; ++i) {
    const auto enforcement = static_cast<Enforcement>(random_() % 3);
    CounterState state{{Money(figure()), Tokens(figure()), Tokens(figure())},
                       {Money(figure()), Tokens(figure()), Tokens(figure())},
                       count(),
                       count()};
    const Amount amount{Money(figure()), Tokens(figure()), Tokens(figure())};
    policy::Limits limits;
    const Money cost = state.spent.cost + state.reserved.cost + amount.cost;
    // Often exactly at the limit, or one beside it.
    const auto near = [this](std::int64_t exact) {
      return random_() % 2 == 0
                 ? figure()
                 : (Tokens(exact) + Tokens(static_cast<std::int64_t>(random_() % 3) - 1)).value();
    };
    const Tokens input = state.spent.input + state.reserved.input;
    const Tokens output = state.spent.output + state.reserved.output;
    if (random_() % 2) limits.cost = Money(near(cost.value()));
    if (random_() % 2) {
      limits.tokens = Tokens(near((input + output + (amount.input + amount.output)).value()));
    }
    if (random_() % 2) limits.input_tokens = Tokens(near((input + amount.input).value()));
    if (random_() % 2) limits.output_tokens = Tokens(near(output.value()));
    if (random_() % 2) limits.requests = count() * 2;
    if (random_() % 2) limits.concurrent = count();
    expected.push_back(policy::broken_limit(enforcement, limits, state, amount));

    out.array(4);
    out.integer(static_cast<std::int64_t>(enforcement));
    out.array(6);
    const auto pack_limit = [&out](const auto& limit, auto number) {
      if (limit) {
        out.integer(number(*limit));
      } else {
        out.boolean(false);
      }
    };
    const auto quantity = [](auto limit) { return limit.value(); };
    const auto plain = [](std::int64_t limit) { return limit; };
    pack_limit(limits.cost, quantity);
    pack_limit(limits.tokens, quantity);
    pack_limit(limits.input_tokens, quantity);
    pack_limit(limits.output_tokens, quantity);
    pack_limit(limits.requests, plain);
    pack_limit(limits.concurrent, plain);
    out.array(4);
    pack_amount(state.spent, true);
    pack_amount(state.reserved, true);
    out.text(std::to_string(state.requests));
    out.text(std::to_string(state.in_flight));
    pack_amount(amount, false);
  }
  const RedisReply reply = evaluate(R"lua(
    local out = {}
    local function ints(list)
      local all = {}
      for i, each in ipairs(list) do all[i] = int(each) end
      return all
    end
    for _, case in ipairs(cmsgpack.unpack(ARGV[1])) do
      local kept = case[3]
      local state = {ints(kept[1]), ints(kept[2]), int(kept[3]), int(kept[4])}
      out[#out + 1] = broken_limit(case[1], case[2], state, case[4]) or -1
    end
    return out)lua",
                                    out);
  ASSERT_EQ(reply.value().size(), expected.size()) << reply.value().text();
  int broken = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::int64_t unit = expected[i] ? static_cast<std::int64_t>(*expected[i]) : -1;
    ASSERT_EQ(reply.value().at(i).integer(), unit) << "case " << i;
    broken += unit >= 0 ? 1 : 0;
  }
  EXPECT_GT(broken, kCases / 5) << "and the limits were broken often enough to tell";
  EXPECT_LT(broken, kCases - kCases / 5);
}

}  // namespace
}  // namespace budget::ledger
