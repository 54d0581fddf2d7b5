// What happens to every request of the admin API, whatever it asks for.
#pragma once

#include "admin/context.h"

namespace budget::admin {

// Finds the route, asks who it is and whether they may; answers a repeated
// request as before, puts a write down in the audit log, and gives every answer
// its security headers.
Answer dispatch(Services& services, ApiRequest request);

}  // namespace budget::admin
