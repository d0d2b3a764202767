# FIB_SANITIZE: empty, "address,undefined" or "thread"; applies to everything we build.
set(FIB_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them")
if(FIB_SANITIZE)
  add_compile_options(-fsanitize=${FIB_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${FIB_SANITIZE})
  # Instrumented code looks uninitialised to GCC where it is not, inside the standard library even.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  # Most of a build's time goes into headers: eight sources share them. Types with a part from an anonymous namespace are
  # then no longer in the main source, which says nothing about them.
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
