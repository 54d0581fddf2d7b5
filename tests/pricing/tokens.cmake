budget_test(tokens_test
  SOURCES tokens_calibration_test.cc tokens_count_test.cc tokens_estimate_test.cc
          tokens_splitter_test.cc tokens_vectors_test.cc
  USES budget_pricing simdjson::simdjson)

find_package(benchmark QUIET)
if(benchmark_FOUND)
  add_executable(tokens_bench ${CMAKE_SOURCE_DIR}/tests/bench/tokens_bench.cc)
  target_link_libraries(tokens_bench PRIVATE budget_flags budget_tokens benchmark::benchmark)
endif()
