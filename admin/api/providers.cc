// The providers that calls can go to.
#include "admin/api/handlers.h"

namespace budget::admin {

Answer list_providers(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);

  json::array all;
  for (const ProviderView& provider : context.view->providers) {
    all.push_back(json::object{{"name", provider.name},
                               {"format", provider.format},
                               {"url", provider.url},
                               {"catalog", provider.priced.catalog},
                               {"free", provider.priced.free}});
  }
  const auto total = static_cast<std::int64_t>(all.size());
  co_return listing(part_of(all, page), total, page);
}

}  // namespace budget::admin
