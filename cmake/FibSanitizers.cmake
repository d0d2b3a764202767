# FIB_SANITIZE: empty, "address,undefined" or "thread"; applies to everything we build.
set(FIB_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them")
if(FIB_SANITIZE)
  add_compile_options(-fsanitize=${FIB_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${FIB_SANITIZE})
  # Instrumented code looks uninitialised to GCC where it is not, inside the standard library even.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  # Types with a part from an anonymous namespace are not in the main source when sources are joined.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()

# For folders that CI builds with a sanitizer, whose sources have no names in common: with one, eight of them are
# compiled together, since most of the time goes into headers that they share.
macro(fib_join_sources)
  if(FIB_SANITIZE AND NOT FIB_FUZZ)
    set(CMAKE_UNITY_BUILD ON)
    set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
  endif()
endmacro()
