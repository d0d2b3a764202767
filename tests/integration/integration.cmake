# SPDX-License-Identifier: Apache-2.0
# How integration tests are declared: see the lines in CMakeLists.txt.

find_package(Python3 COMPONENTS Interpreter REQUIRED)

# With a sanitizer the programs, the simulated driver and the shim are all built with it; its runtime must
# be the first library of the process, before the shim.
set(FIB_SANITIZER_RUNTIME "")
if(FIB_SANITIZE MATCHES "address")
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libasan.so
                  OUTPUT_VARIABLE FIB_SANITIZER_RUNTIME OUTPUT_STRIP_TRAILING_WHITESPACE)
elseif(FIB_SANITIZE MATCHES "thread")
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libtsan.so
                  OUTPUT_VARIABLE FIB_SANITIZER_RUNTIME OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()

set(FIB_INTEGRATION_BIN ${CMAKE_BINARY_DIR}/tests/integration/bin)
set(FIB_INTEGRATION_LIB ${CMAKE_BINARY_DIR}/tests/integration/lib)
set(FIB_HARNESS ${CMAKE_CURRENT_LIST_DIR}/harness)

# fib_test_support(route definitions...): the support library for programs of one route.
function(fib_test_support route)
  set(target fibtest_${route})
  add_library(${target} STATIC support/any_memory.cpp support/check.cpp support/hidden.cpp support/image.cpp
              support/mini.cpp support/notes.cpp support/work_form.cpp)
  target_include_directories(${target} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PUBLIC fib_cuda_headers Threads::Threads ${CMAKE_DL_LIBS}
                        PRIVATE fib_warnings)
  if(route STREQUAL "plt")
    target_sources(${target} PRIVATE support/route_plt.cpp)
    target_link_libraries(${target} PUBLIC sim_cuda)
  else()
    # An object, not an archive member: it defines every entry point for the whole program.
    target_sources(${target} INTERFACE $<TARGET_OBJECTS:fibtest_route_${route}>)
    add_library(fibtest_route_${route} OBJECT support/route_table.cpp)
    target_include_directories(fibtest_route_${route} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}
                               ${PROJECT_SOURCE_DIR})
    target_compile_definitions(fibtest_route_${route} PRIVATE ${ARGN})
    target_link_libraries(fibtest_route_${route} PRIVATE fib_warnings)
  endif()
endfunction()

# fib_test_program(name SOURCE file [ROUTE route] [DEFINES ...] [LIBRARIES ...]): an executable.
function(fib_test_program name)
  cmake_parse_arguments(P "" "SOURCE;ROUTE" "DEFINES;LIBRARIES" ${ARGN})
  if(NOT P_ROUTE)
    set(P_ROUTE plt)
  endif()
  add_executable(fibtest_program_${name} programs/${P_SOURCE})
  target_link_libraries(fibtest_program_${name} PRIVATE fib_warnings ${P_LIBRARIES} fibtest_${P_ROUTE})
  target_compile_definitions(fibtest_program_${name} PRIVATE ${P_DEFINES})
  add_dependencies(fibtest_program_${name} fib_test_images)
  set_target_properties(fibtest_program_${name} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${FIB_INTEGRATION_BIN} BUILD_RPATH "")
endfunction()

# fib_test_library(name SOURCE file [LIBRARIES ...]): a shared library lib<name>.so for the programs.
function(fib_test_library name)
  cmake_parse_arguments(L "" "SOURCE" "LIBRARIES" ${ARGN})
  add_library(${name} SHARED programs/${L_SOURCE})
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE fib_warnings ${L_LIBRARIES} ${CMAKE_DL_LIBS})
  set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${FIB_INTEGRATION_LIB})
endfunction()

# Registers one ctest; `reason` not empty: it is reported as skipped, with the reason.
function(fib_register name reason)
  if(reason)
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E echo "SKIPPED: ${reason}")
    set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "SKIPPED")
  else()
    add_test(NAME ${name} COMMAND ${Python3_EXECUTABLE} ${ARGN})
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "cpu;integration" TIMEOUT 240 SKIP_RETURN_CODE 77)
endfunction()

# Why a test cannot run in this build; SKIP pairs are SANITIZER "reason".
function(fib_skip_reason out)
  set(${out} "" PARENT_SCOPE)
  set(pairs ${ARGN})
  while(pairs)
    list(POP_FRONT pairs sanitizer reason)
    if(FIB_SANITIZE MATCHES "${sanitizer}")
      set(${out} "${reason}" PARENT_SCOPE)
    endif()
  endwhile()
endfunction()

# fib_integration(name [SOURCE file] [ROUTES ...] [MODES ...] [ARGS ...] [EXPECT ...] [ENV ...]
#                 [DEFINES ...] [LIBRARIES ...] [SKIP sanitizer reason ...] [PROGRAM other])
# A program and its tests <name>[.<route>].<mode>. Routes: plt (default) dlsym dlsym_old gpa1 gpa2.
# Modes: direct off recorded (default: these) replayed extracted applied shadowed.
# EXPECT words are explained in harness/run_program.py.
# PROGRAM: no program of its own, the one of another test with other arguments.
function(fib_integration name)
  cmake_parse_arguments(T "" "SOURCE;PROGRAM" "ROUTES;MODES;ARGS;EXPECT;ENV;DEFINES;LIBRARIES;SKIP" ${ARGN})
  if(NOT T_ROUTES)
    set(T_ROUTES plt)
  endif()
  if(NOT T_MODES)
    set(T_MODES direct off recorded)
  endif()
  list(TRANSFORM T_EXPECT PREPEND "--expect=")
  list(TRANSFORM T_ENV PREPEND "--env=")
  fib_skip_reason(reason ${T_SKIP})
  list(LENGTH T_ROUTES route_count)
  foreach(route IN LISTS T_ROUTES)
    set(test ${name})
    if(route_count GREATER 1)
      set(test ${name}.${route})
    endif()
    set(program ${test})
    if(T_PROGRAM)
      set(program ${T_PROGRAM})
    else()
      fib_test_program(${program} SOURCE ${T_SOURCE} ROUTE ${route} DEFINES ${T_DEFINES}
                       LIBRARIES ${T_LIBRARIES})
    endif()
    foreach(mode IN LISTS T_MODES)
      fib_register(${test}.${mode} "${reason}" ${FIB_HARNESS}/run_program.py --name ${test}
                   --build ${CMAKE_BINARY_DIR} --mode ${mode}
                   "--sanitizer-runtime=${FIB_SANITIZER_RUNTIME}" ${T_EXPECT} ${T_ENV} --
                   ${FIB_INTEGRATION_BIN}/${program} ${T_ARGS})
    endforeach()
  endforeach()
endfunction()

# fib_scenario(name SCRIPT file CASES ... [SKIP sanitizer reason ...]): tests <name>.<case>, each one
# function of a Python script, for what is more than one run of one program.
function(fib_scenario name)
  cmake_parse_arguments(S "" "SCRIPT" "CASES;SKIP" ${ARGN})
  fib_skip_reason(reason ${S_SKIP})
  foreach(case IN LISTS S_CASES)
    fib_register(${name}.${case} "${reason}" ${CMAKE_CURRENT_SOURCE_DIR}/scenarios/${S_SCRIPT}
                 --build ${CMAKE_BINARY_DIR} "--sanitizer-runtime=${FIB_SANITIZER_RUNTIME}" ${case})
  endforeach()
endfunction()
