budget_test(prices_test
  SOURCES
    catalog_file_test.cc
    catalog_test.cc
    cost_property_test.cc
    cost_test.cc
    exact_number_test.cc
    model_name_test.cc
    money_test.cc
    price_list_test.cc
    price_merge_test.cc
    rate_test.cc
    shipped_prices_test.cc
  USES budget_pricing)
target_link_libraries(prices_test PRIVATE simdjson::simdjson)
