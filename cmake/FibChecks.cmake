# What scripts/ can prove about the sources and the shim, as tests named check.*.
find_package(Python3 3.8 COMPONENTS Interpreter)
if(NOT Python3_FOUND)
  message(FATAL_ERROR "No python3, which the checks are written in: ${FIB_HOW_TO_INSTALL}")
endif()

# fib_add_check(name script args...): runs scripts/<script>; exit code 77 counts as skipped.
function(fib_add_check name script)
  add_test(NAME check.${name}
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/scripts/${script} ${ARGN}
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(check.${name} PROPERTIES LABELS cpu SKIP_RETURN_CODE 77 TIMEOUT 900)
endfunction()

set(include_flags)
foreach(directory FIB_CUDA_INCLUDE FIB_CUPTI_INCLUDE FIB_XXHASH_INCLUDE FIB_ZSTD_INCLUDE)
  list(APPEND include_flags -idirafter ${${directory}})
endforeach()

fib_add_check(self test_checks.py)
fib_add_check(loop test_loop.py)
fib_add_check(layers check_layers.py)
fib_add_check(includes check_includes.py)
fib_add_check(size check_size.py)
fib_add_check(format check_format.py)
fib_add_check(driver_api check_driver_api.py ${CMAKE_CXX_COMPILER} ${FIB_CUDA_INCLUDE})
fib_add_check(headers check_headers.py ${CMAKE_CXX_COMPILER} ${include_flags})
# A sanitizer's runtime is a library that the real shim does not have.
if(TARGET fibshim AND NOT FIB_SANITIZE AND NOT FIB_FUZZ)
  fib_add_check(binary check_binary.py $<TARGET_FILE:fibshim>)
endif()
