// Who a body says was calling.
#pragma once

#include "admin/input.h"
#include "policy/caller.h"

namespace budget::admin {

// Reads component, context_id, task_id, task_type, user, tags and priority
// over what `caller` holds; notes what is wrong in `input`.
void read_caller(Input& input, policy::Caller& caller);

}  // namespace budget::admin
