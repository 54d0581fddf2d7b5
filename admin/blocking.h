// Work that may block, off the workers' threads.
#pragma once

#include "policy/ledger/blocking.h"

namespace budget::admin {

using ledger::Awaitable;
using ledger::run_blocking;

}  // namespace budget::admin
