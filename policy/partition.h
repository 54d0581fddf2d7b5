// How the values that a policy counts apart are written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/matcher.h"
#include "policy/policy.h"

namespace budget::policy {

// The fields that `policy` counts apart: its `per`, and for per_session and
// per_task the context and the task.
[[nodiscard]] std::vector<Partition> partition_fields(const Policy& policy);

// Appends `text` with everything but letters, digits and `._~:@+-` written as
// %XX, so that it holds none of the signs that part a key.
void append_encoded(std::string& out, std::string_view text);

// What a partition needs of a call beyond the labels.
struct PartitionSource {
  const CallLabels& labels;
  std::string_view context_id;
  std::string_view task_id;
};

// "component=apollo,tag.team=research"; "" without fields. See
// PolicySet::plan() for labels that are missing.
[[nodiscard]] std::string partition_text(const std::vector<Partition>& fields,
                                         const PartitionSource& source);

}  // namespace budget::policy
