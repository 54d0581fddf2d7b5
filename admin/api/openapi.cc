// The API's description of itself.
#include <boost/json/serialize.hpp>

#include "admin/api/handlers.h"
#include "admin/openapi.h"
#include "admin/routes.h"

namespace budget::admin {

Answer get_openapi(Context& context) {
  ApiResponse response;
  response.body = json::serialize(openapi_document(routes(), context.view->version));
  response.headers = {{"cache-control", "no-cache"}, {"x-content-type-options", "nosniff"}};
  co_return response;
}

Answer get_docs(Context& context) {
  DocsPage page = docs_page(routes(), context.view->version);
  ApiResponse response;
  response.content_type = "text/html; charset=utf-8";
  response.body = std::move(page.html);
  response.headers = {{"cache-control", "no-cache"},
                      {"content-security-policy", std::move(page.policy)},
                      {"x-content-type-options", "nosniff"},
                      {"referrer-policy", "no-referrer"}};
  co_return response;
}

}  // namespace budget::admin
