# budget_library(NAME SOURCES a.cc … [USES lib …] [PRIVATE lib …])
# One static library a folder. USES is what its headers may need, PRIVATE what
# only its sources do: a pure folder that links no I/O library can do no I/O.
add_library(budget_flags INTERFACE)
target_compile_options(budget_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
  -Wno-sign-conversion -Wno-missing-field-initializers>)
target_include_directories(budget_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
if(BUDGET_SANITIZE)
  target_compile_options(budget_flags INTERFACE -fsanitize=${BUDGET_SANITIZE}
    -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(budget_flags INTERFACE -fsanitize=${BUDGET_SANITIZE})
endif()

function(budget_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC budget_flags ${arg_USES} PRIVATE ${arg_PRIVATE})
endfunction()

# budget_test(NAME SOURCES a_test.cc … USES lib …)
# One GoogleTest program a folder, registered with ctest as one test.
function(budget_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE budget_flags ${arg_USES} GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    BUDGET_SHARED_DIR="${BUDGET_SHARED_DIR}" BUDGET_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
endfunction()
