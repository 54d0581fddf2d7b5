// The built-in analysis: answers from the numbers, without a model. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "admin/assistant/model_wire.h"
#include "admin/assistant/tools.h"
#include "policy/clock.h"

namespace budget::admin {

// What to look at for a question, by its words: a time (today, yesterday, week,
// month, hour) and a subject (spend, top, forecast, limits, savings, model). A
// question without a subject is about spending; one without a time is about the
// last 30 days.
[[nodiscard]] std::vector<ToolCall> lookups_for(std::string_view question, policy::Time now);

// What the answer to one of them says, in sentences of which every figure is in
// `result`.
[[nodiscard]] std::string sentences_of(const ToolCall& call, const ToolResult& result);

}  // namespace budget::admin
