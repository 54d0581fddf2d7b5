// The console, and what stands at `/` for those who are no browser.
#include "admin/console.h"

#include "admin/api/handlers.h"

namespace budget::admin {
namespace {

ApiResponse text(std::string body) {
  ApiResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.headers = {{"vary", "accept, accept-encoding"}, {"x-content-type-options", "nosniff"}};
  response.body = std::move(body);
  return response;
}

constexpr std::string_view left_out =
    "This program was built without the console (-DBUDGET_CONSOLE=OFF).";

}  // namespace

Answer get_root(Context& context) {
  const bool there = !console_files().empty();
  if (there && wants_page(context.request)) {
    co_return console_answer(console_files(), "index.html", context.request);
  }
  co_return text(
      "Budget: a proxy that counts what calls to language models cost, and keeps to budgets.\n"
      "\n"
      "Models:   /PROVIDER, in place of a provider's own address, such as /openai/v1\n"
      "API:      /api, with an admin key in X-API-Key; /api/docs describes it\n"
      "State:    /health /ready /metrics\n"
      "Console:  " +
      (there ? std::string("this page in a browser") : std::string(left_out)) + "\n");
}

Answer get_console(Context& context) {
  if (console_files().empty()) co_return text(std::string(left_out) + "\n");
  co_return console_answer(console_files(), "index.html", context.request);
}

Answer get_console_file(Context& context) {
  co_return console_answer(console_files(), context.param("file"), context.request);
}

}  // namespace budget::admin
