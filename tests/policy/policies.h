// Policies to test with, in few words.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "policy/engine.h"

namespace budget::policy {

// A hard daily limit of 5 USD, to be changed as a test needs.
inline Policy policy_named(const std::string& name) {
  Policy policy;
  policy.id = "tekton/" + name;
  policy.name = name;
  policy.limits.cost = Money(5'000'000'000);
  return policy;
}

inline PolicyConfig config_of(std::vector<Policy> policies, const std::string& zone = "UTC") {
  PolicyConfig config;
  config.budgets.push_back({.name = "tekton", .timezone = zone, .policies = std::move(policies)});
  config.tiers = {{"local_lightweight", {"codellama*"}},
                  {"local_midweight", {"*haiku*", "Llama-3*"}},
                  {"remote_heavyweight", {"gpt-*", "claude-*"}}};
  return config;
}

inline std::shared_ptr<const PolicySet> compiled(std::vector<Policy> policies,
                                                 const std::string& zone = "UTC") {
  auto set = PolicySet::compile(config_of(std::move(policies), zone));
  EXPECT_TRUE(set) << set.error();
  return *set;
}

inline Amount amount(std::int64_t cost, std::int64_t input = 0, std::int64_t output = 0) {
  return {Money(cost), Tokens(input), Tokens(output)};
}

// 2026-11-24T12:00:00Z
inline constexpr Time noon =
    std::chrono::sys_days(std::chrono::year{2026} / std::chrono::November / 24) +
    std::chrono::hours{12};

}  // namespace budget::policy
