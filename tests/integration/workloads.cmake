# SPDX-License-Identifier: Apache-2.0
# Solutions judged on Workloads, where no program and no capture are.

sim_module(it_workloads kernels/it_workloads.cpp)
add_dependencies(fib_test_images it_workloads)
fib_scenario(workloads SCRIPT workloads.py CASES
  referenced against_baseline without_python named_baseline isolated resumed not_launchable ranked refusals
  SKIP address "the sanitizer takes the candidates' stray writes and crashes for its own findings"
       thread "times under a sanitizer are not those of the kernels")
# Verdicts on times need the processors for themselves.
set_tests_properties(workloads.against_baseline PROPERTIES RUN_SERIAL ON)
