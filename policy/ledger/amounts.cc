#include "policy/ledger/amounts.h"

#include <utility>

namespace budget::ledger {

policy::Limits limits_on(policy::Limits limits, const Amount& asked) {
  if (asked.cost == policy::Money()) limits.cost.reset();
  if (asked.input == policy::Tokens()) limits.input_tokens.reset();
  if (asked.output == policy::Tokens()) limits.output_tokens.reset();
  if (asked.input + asked.output == policy::Tokens()) limits.tokens.reset();
  return limits;
}

policy::Limits without_calls(policy::Limits limits) {
  limits.requests.reset();
  limits.concurrent.reset();
  return limits;
}

void raise_to(UsageRecord& record, const Amount& amount) {
  const Amount missing = most(minus(amount, used_by(record)), {});
  record.usage.input += missing.input;
  record.usage.output += missing.output;
  record.cost.output += missing.cost;
  record.cost.total += missing.cost;
}

}  // namespace budget::ledger
