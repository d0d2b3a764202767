# Interface target with the warnings that all our code compiles under.
add_library(fib_warnings INTERFACE)
target_compile_options(fib_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
