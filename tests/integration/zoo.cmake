# SPDX-License-Identifier: Apache-2.0
# The zoo of cheats (tests/gpu/zoo) on the simulated driver: the judge must catch every one.

foreach(image it_judged it_zoo)
  sim_module(${image} kernels/${image}.cpp)
endforeach()
add_dependencies(fib_test_images it_judged it_zoo)
fib_integration(judged SOURCE judged.cpp MODES direct recorded EXPECT launches=0)
fib_scenario(zoo SCRIPT zoo.py CASES
  honest writes answers work wrong hang in_place sums rows all_are_here zoo_can_fail
  SKIP address "the sanitizer takes the candidates' stray writes and crashes for its own findings"
       thread "the sanitizer takes the candidates' races for its own findings")
