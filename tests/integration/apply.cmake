# SPDX-License-Identifier: Apache-2.0
# Programs whose launches are redirected (FIBSHIM_MODE=apply) or compared (shadow): see README.md.

foreach(image it_apply it_candidates it_decoder it_decoder_candidates)
  sim_module(${image} kernels/${image}.cpp)
endforeach()
add_dependencies(fib_test_images it_apply it_candidates it_decoder it_decoder_candidates)

fib_test_program(redirect SOURCE redirect.cpp)
fib_test_program(redirect_threads SOURCE redirect_threads.cpp)
fib_integration(read_back SOURCE read_back.cpp ROUTES plt gpa2 EXPECT launches=0)
# Updated as a whole and node by node, its graph gets the originals back for good.
fib_integration(apply.read_back PROGRAM read_back.plt MODES applied
                EXPECT applied.in_graphs=6 applied.left=_Z3addPiii:any applied.left=_Z5twicePii:any
                       "stderr=as a whole and node by node")
fib_integration(decoder SOURCE decoder.cpp EXPECT kernel=rms_norm:18)
fib_integration(window.decoder PROGRAM decoder MODES replayed extracted EXPECT launches=0)
fib_test_library(fibtest_secure SOURCE lib_secure.cpp)
# Its getauxval runs before a sanitizer's runtime is ready.
target_compile_options(fibtest_secure PRIVATE -fno-sanitize=all)

# Programs from above, with a candidate for every kernel.
foreach(program eager.plt eager.dlsym eager.gpa2 library_kernels.dlsym hidden_handles.plt attributes.plt
        per_thread_stream.dlsym threads16.plt threads4 order.plt)
  fib_integration(apply.${program} PROGRAM ${program} MODES applied EXPECT applied.eager=1)
endforeach()
fib_integration(apply.parameters PROGRAM parameters.plt MODES applied EXPECT applied.eager=5)
fib_integration(apply.reload PROGRAM reload.plt MODES applied EXPECT applied.none=1)
fib_integration(apply.contexts PROGRAM contexts MODES applied EXPECT applied.eager=1)
fib_integration(apply.two_devices PROGRAM two_devices MODES applied EXPECT applied.eager=8
                ENV FIBSIM_DEVICES=2)
fib_integration(apply.thread_churn PROGRAM thread_churn MODES applied EXPECT applied.eager=1)
fib_integration(apply.legacy_launch PROGRAM legacy_launch MODES applied
                EXPECT applied.none=1 applied.left=_Z3addPiii:any)
fib_integration(apply.host_functions PROGRAM host_functions MODES applied EXPECT applied.eager=1)
fib_integration(apply.graph_nodes PROGRAM graph_nodes.plt MODES applied EXPECT applied.in_graphs=4)
fib_integration(apply.graph_update PROGRAM graph_update.plt MODES applied
                EXPECT applied.in_graphs=3 applied.left=_Z3addPiii:any applied.left=_Z5twicePii:any)
fib_integration(apply.busy PROGRAM busy ARGS fork MODES applied EXPECT applied.varies=1 applied.report=0)
fib_integration(apply.capture_modes PROGRAM capture_modes.plt MODES applied
                EXPECT applied.varies=1 applied.eager=1 applied.in_graphs=60)
fib_integration(apply.symbols PROGRAM symbols ARGS eager MODES applied EXPECT applied.none=1)
foreach(form eager captured explicit)
  fib_integration(apply.forms.${form} PROGRAM forms ARGS ${form} device MODES applied)
  fib_integration(apply.redirect.${form} PROGRAM redirect ARGS ${form} plain 30 MODES applied)
endforeach()
foreach(program eager.plt library_kernels.dlsym per_thread_stream.dlsym threads16.plt threads4 order.plt)
  fib_integration(shadow.${program} PROGRAM ${program} MODES shadowed EXPECT applied.busy=1)
endforeach()
fib_integration(shadow.forms PROGRAM forms ARGS eager device MODES shadowed)
# Graphs run as they are, and nothing of them is compared.
foreach(program graph_nodes.plt graph_update.plt)
  fib_integration(shadow.${program} PROGRAM ${program} MODES shadowed EXPECT applied.none=1)
endforeach()
# A driver that can't tell a kernel's parameters: nothing is redirected.
fib_integration(apply.old_driver PROGRAM eager.dlsym MODES applied EXPECT applied.none=1
                applied.left=_Z3addPiii:any applied.left=_Z5twicePii:any
                ENV LD_LIBRARY_PATH=${CMAKE_BINARY_DIR}/sim_old)

# What a redirected launch costs: nothing that waits.
foreach(program alloc_free no_syscalls)
  fib_integration(apply.${program} PROGRAM ${program} MODES applied ENV FIBSIM_LAUNCH=null
    EXPECT applied.uncounted=1 applied.eager=1000000
    SKIP address "the sanitizer's runtime allocates and makes system calls of its own"
         thread "the sanitizer's runtime allocates and makes system calls of its own")
endforeach()

# What works, and what goes wrong: each time the program gets the original's result.
fib_scenario(apply SCRIPT apply.py CASES
  eager captured explicit other_implementation two_kernels by_measurement bound_by_the_tool by_image
  harness_notices not_built
  missing_cubin truncated_cubin altered_cubin malformed_manifest wrong_architecture changed_solution
  missing_entry load_error entry_error context_load_error attribute_error launch_error
  launch_error_later one_of_two_kernels_fails dependent_launch dependent_launch_carried priority_carried
  clone_error node_params_error find_in_clone_error instantiate_error exec_params_error exec_update_error
  two_devices fork)
fib_scenario(apply_bindings SCRIPT apply_bindings.py CASES
  layout_mismatch code_mismatch image_mismatch condition_false expression_overflow division_by_zero
  beyond_parameters const_axis zero_axis misaligned ragged_tail aliasing in_place_refused in_place_allowed
  unsupported disabled other_gpu code_not_judged not_faster workspace_too_large workspace_exhausted
  no_memory_for_workspace old_driver)
fib_scenario(apply_trust SCRIPT apply_trust.py CASES
  no_registry missing_registry writable_root writable_by_group writable_directory writable_cache
  foreign_owner link_out_of_the_root file_name_leaves_the_cache malformed_binding malformed_solution
  malformed_policies bad_expression secure_process)
fib_scenario(shadow SCRIPT shadow.py CASES
  shadow_equal shadow_in_place wrong_candidate late_candidate wrong_candidate_applied)
# A registry that changes while the process runs.
fib_scenario(apply_live SCRIPT apply_live.py CASES
  demote off_and_on reload_new_candidate reload_first_candidate registry_removed cache_removed
  became_writable replaced_in_mid_load threads_and_reloads explain_live)
# The verbs that deploy a registry.
fib_scenario(run_verb SCRIPT run_verb.py CASES
  hits graph_nodes children shadow no_binding_matches not_built not_trusted not_faster other_gpu
  demoted_by_option demoted_in_the_registry no_gpu own_exit_code)
fib_scenario(qualify SCRIPT qualify.py CASES
  all_good one_liar several_liars only_together crash hang numbers_in_a_file files_where_the_command_wants_them
  comparison_command noisy_command out_of_runs nothing_redirected fails_by_itself)
# Candidates judged on the launches of a program.
fib_scenario(bench SCRIPT bench.py CASES
  judged in_graphs resumed killed applied workloads exported tools refusals)
fib_scenario(loop SCRIPT loop.py CASES deploys_what_the_judge_found replaces_only_the_code_that_was_judged
  SKIP address "times under a sanitizer are not those of the kernels"
       thread "times under a sanitizer are not those of the kernels")
# What is clearly faster is not clear while other tests want the processors.
set_tests_properties(loop.deploys_what_the_judge_found loop.replaces_only_the_code_that_was_judged
                     PROPERTIES RUN_SERIAL ON)
