// What is said to a person who is warned. (What is said to one who is refused:
// describe(), in engine.h.)
#pragma once

#include <string>

#include "policy/engine.h"
#include "policy/figures.h"

namespace budget::policy {

// One sentence about a limit that has reached its warning threshold or, when
// more is spent and held than it, is passed. Names no figures unless
// `amounts`. REQUIRES: the policy of `line` limits `unit`.
[[nodiscard]] std::string warning_about(const PlannedLine& line, Unit unit, const Figures& figures,
                                        bool amounts);

}  // namespace budget::policy
