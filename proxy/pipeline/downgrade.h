// Where a call may go instead, when its own model is too dear.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/pipeline/call.h"

namespace budget::pipeline {

struct DowngradeTarget {
  std::size_t provider = 0;  // its index in the snapshot
  std::string model;
};

// Where the call goes as it stands.
[[nodiscard]] DowngradeTarget target_now(const Call& call);

// The target that `entry` names: "model" of the provider the call came for, or
// "provider/model". nullopt where the call cannot go there: the provider does
// not answer this path in the same wire format, the model cannot be told to it
// (another vendor's shape of body), the call's key may not use it, or it is
// what the call asked for anyway.
[[nodiscard]] std::optional<DowngradeTarget> downgrade_target(const Call& call,
                                                              const DowngradeTarget& asked,
                                                              std::string_view entry);

// Makes the call one for `target` and estimates it anew; false when the model
// has no price there.
bool use_target(Call& call, const DowngradeTarget& target);

}  // namespace budget::pipeline
