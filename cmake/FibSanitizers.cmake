# FIB_SANITIZE: empty, "address,undefined" or "thread"; applies to everything we build.
set(FIB_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them")
if(FIB_SANITIZE)
  add_compile_options(-fsanitize=${FIB_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${FIB_SANITIZE})
  # Instrumented code looks uninitialised to GCC where it is not, inside the standard library even.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
