# Interface target with the warnings that all our code compiles under.
add_library(fib_warnings INTERFACE)
target_compile_options(fib_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
# What GCC's optimiser believes of inlined library code changes with every version, and GCC 12 is wrong
# about vector::insert and string::operator+ : worth showing, no reason to fail.
foreach(belief array-bounds maybe-uninitialized restrict stringop-overflow stringop-overread)
  target_compile_options(fib_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-error=${belief}>)
endforeach()
