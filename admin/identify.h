// Who asks: by an admin key, or by the cookie of a console session.
#pragma once

#include <expected>

#include "admin/context.h"

namespace budget::admin {

// A key counts before a cookie. By cookie, everything but GET and HEAD must also
// show the session's token in X-CSRF-Token, which another site cannot know.
Awaitable<std::expected<Principal, Failure>> identify(Services& services, const ApiRequest& request,
                                                      policy::Time now);

}  // namespace budget::admin
