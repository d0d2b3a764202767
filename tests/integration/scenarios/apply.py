# SPDX-License-Identifier: Apache-2.0
"""Redirected launches: what works, and what goes wrong with builds, launches and graphs."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from redirects import STEPS, all_redirected, blend, edited, kept, module_file, redirect, says
from registry_maker import BLEND, KERNELS, ONE, Kernel, Registry, blend_fast, blend_in_two
from scenario import Failure, case, main, require, require_clean


# ---- it works at all ----------------------------------------------------------------------------

@case
def eager(test):
    run = all_redirected(redirect(test, blend(test)))
    require(run.report.of_candidate("eager") == STEPS, f"{run.report}")
    require(run.report.reason("Pinned", "blend") == STEPS, f"{run.report}")


@case
def captured(test):
    run = all_redirected(redirect(test, blend(test), form="captured"))
    require(run.report.of_candidate("in_graphs") > 0, f"{run.report}")


@case
def explicit(test):
    run = all_redirected(redirect(test, blend(test), form="explicit"))
    require(run.report.of_candidate("in_graphs") > 0, f"{run.report}")


@case
def other_implementation(test):
    """A candidate with other arguments and another grid, in every form."""
    registry = blend(test, blend_fast())
    for form in ("eager", "captured", "explicit"):
        all_redirected(redirect(test, registry, form=form), "blend_fast")


@case
def two_kernels(test):
    """Two kernels and a workspace in place of one, once there is memory for it; in graphs the original stays."""
    registry = blend(test, blend_in_two())
    run = redirect(test, registry, way="slow")
    two = run.executed.get("blend_first", 0)
    require(two > STEPS / 2 and run.executed == {"blend_first": two, "blend_second": two, "blend": STEPS - two},
            f"{run.executed}")
    require(run.report.reason("NoWorkspace", "blend") == STEPS - two, f"{run.report}")
    for form in ("captured", "explicit"):
        run = redirect(test, registry, form=form)
        require(run.executed == {"blend": STEPS}, f"{run.executed}")
        require(run.report.reason("GraphShape", "blend") > 0, f"{run.report}")


@case
def by_measurement(test):
    """Without a pin: what was measured, between measured shapes, and nothing else."""
    registry = Registry(test).add(BLEND, pin=False)
    registry.measured(BLEND, "blend_candidate", "fibshim simulated GPU", {"rows": 8, "width": 32})
    registry.build()
    run = all_redirected(redirect(test, registry))
    require(run.report.reason("Exact", "blend") == STEPS, f"{run.report}")
    kept(test, registry, "AxisOutOfRange", way="ragged")


@case
def bound_by_the_tool(test):
    """Recorded, bound to a copy of itself, built and redirected, in every form."""
    capture = test.dir / "capture"
    for form in ("eager", "captured", "explicit"):
        program = [test.program("redirect"), form, "plain", str(STEPS)]
        require_clean(test.run(program, test.shim_env("record", capture)))
    registry = Registry(test)
    bound = test.tool("registry", "bind", "--from", capture, "--kernel", "blend", "--registry", registry.root,
                      "--incumbent-solution")
    require(bound.returncode == 0, f"{bound.out}{bound.err}")
    registry.build()
    for form in ("eager", "captured", "explicit"):
        run = redirect(test, registry, form=form)
        require(run.executed == {"blend": STEPS}, f"{run.executed}")
        require(run.report.reason("Pinned", "blend") > 0, f"{run.report}")
        counter = "eager" if form == "eager" else "in_graphs"
        require(run.report.of_candidate(counter) > 0, f"{run.report}")


@case
def by_image(test):
    """Two kernels of one name in modules that are loaded and unloaded: each gets its own candidate."""
    capture, program = test.dir / "capture", [test.program("reload.plt")]
    require_clean(test.run(program, test.shim_env("record", capture)))
    images = {kernel["name"]: kernel["image"] for kernel in json.loads(test.tool("ls", "--json", capture).out)}
    registry = Registry(test)
    for letter in "ab":
        mark = Kernel("mark", f"mark_{letter}_candidate", [[0, 8]], ONE, {}, {"y": (["one"], "param(0, 0, ptr)")})
        match = {**mark.binding()["match"], "image": images[f"only_{letter}"]}
        registry.add(mark, binding={"match": match})
    registry.build()
    run = redirect(test, registry, program="reload.plt", words=[])
    require(run.executed == {"mark_a_candidate": 40, "mark_b_candidate": 40, "only_a": 60, "only_b": 60},
            f"{run.executed}")


@case
def harness_notices(test):
    """A candidate that computes something else changes the output: these tests can fail."""
    registry = blend(test, BLEND.launch("blend_wrong"))
    try:
        redirect(test, registry)
    except Failure:
        return
    raise Failure("a wrong candidate was not noticed")


# ---- builds -------------------------------------------------------------------------------------

@case
def not_built(test):
    kept(test, blend(test, build=False), "NotLoaded", "blend_candidate")


@case
def missing_cubin(test):
    registry = blend(test)
    module_file(registry)[0].unlink()
    kept(test, registry, "NotLoaded", "blend_candidate")


@case
def truncated_cubin(test):
    registry = blend(test)
    module, _ = module_file(registry)
    os.truncate(module, module.stat().st_size // 2)
    kept(test, registry, "NotLoaded", module.name)


@case
def altered_cubin(test):
    registry = blend(test)
    module, _ = module_file(registry)
    content = bytearray(module.read_bytes())
    content[len(content) // 2] ^= 1
    module.write_bytes(content)
    kept(test, registry, "NotLoaded", module.name)


@case
def malformed_manifest(test):
    registry = blend(test)
    module_file(registry)[1].write_text("{ nonsense")
    kept(test, registry, "NotLoaded", "build.json")


@case
def wrong_architecture(test):
    """Only a build for another architecture is there."""
    registry = blend(test)

    def change(record):
        record["arch"] = record["modules"][0]["arch"] = "sm_80"

    edited(module_file(registry)[1], change)
    kept(test, registry, "NotLoaded", "blend_candidate")


@case
def changed_solution(test):
    """The Solution's source is no longer what was built."""
    registry = blend(test)
    registry.solve(BLEND, image=b"\x7fELF" + bytes(4000))
    kept(test, registry, "NotLoaded", "blend_candidate")


@case
def missing_entry(test):
    kept(test, blend(test, BLEND.launch("no_such_kernel")), "NotLoaded", "no_such_kernel")


@case
def load_error(test):
    kept(test, blend(test), "NotLoaded", "blend_candidate", faults="cuLibraryLoadData:fail=209@1+")


@case
def entry_error(test):
    kept(test, blend(test), "NotLoaded", "blend_candidate", faults="cuLibraryGetKernel:fail=500@1+")


@case
def context_load_error(test):
    kept(test, blend(test), "NotLoaded", "blend_candidate", faults="cuKernelGetFunction:fail=2@1+")


@case
def attribute_error(test):
    kept(test, blend(test), "NotLoaded", "blend_candidate", faults="cuKernelSetAttribute:fail=1@1+")


# ---- launches -----------------------------------------------------------------------------------

@case
def launch_error(test):
    """The first launch of the candidate fails: that launch and all later ones are the original's."""
    run = redirect(test, blend(test), lines=1, faults="cuLaunchKernel:fail=701@1")
    says(run, "blend_candidate", "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES")
    require(run.executed == {"blend": STEPS}, f"{run.executed}")
    require(run.report.of_candidate("failed") == 1, f"{run.report}")
    require(run.report.reason("LaunchFailed", "blend") == 1, f"{run.report}")
    require(run.report.reason("Demoted", "blend") == STEPS - 1, f"{run.report}")


@case
def launch_error_later(test):
    run = redirect(test, blend(test), lines=1, faults="cuLaunchKernel:fail=701@11")
    require(run.executed == {"blend_candidate": 10, "blend": STEPS - 10}, f"{run.executed}")


@case
def one_of_two_kernels_fails(test):
    """Whatever of the two ran already wrote nothing that the original reads."""
    registry = blend(test, blend_in_two())
    for call in (20, 21):
        run = redirect(test, registry, way="slow", lines=1, faults=f"cuLaunchKernel:fail=701@{call}")
        first, second = (run.executed.get(f"blend_{name}", 0) for name in ("first", "second"))
        require(second > 0 and first - second in (0, 1), f"{run.executed}")
        require(run.executed["blend"] == STEPS - second, f"{run.executed}")
        require(run.report.of_candidate("failed") == 1, f"{run.report}")


@case
def dependent_launch(test):
    """A candidate that is not made for dependent launches."""
    launch = BLEND.launch(attributes={"dependent_launch": "refuse"})
    kept(test, blend(test, launch), "LaunchAttribute", way="dependent")


@case
def dependent_launch_carried(test):
    all_redirected(redirect(test, blend(test), way="dependent"))


@case
def priority_carried(test):
    all_redirected(redirect(test, blend(test), way="priority"))


# ---- graphs -------------------------------------------------------------------------------------

def graph_fault(test, form, faults, redirected=None):
    run = redirect(test, blend(test), form=form, lines=1, faults=faults)
    says(run, "graph")
    total = run.executed.get("blend", 0) + run.executed.get("blend_candidate", 0)
    require(total == STEPS and run.executed.get("blend", 0) > 0, f"{run.executed}")
    require(redirected is None or run.executed.get("blend_candidate", 0) == redirected, f"{run.executed}")
    return run


@case
def clone_error(test):
    graph_fault(test, "captured", "cuGraphClone:fail=2@1+", redirected=0)


@case
def node_params_error(test):
    graph_fault(test, "captured", "cuGraphKernelNodeSetParams_v2:fail=1@1+", redirected=0)


@case
def find_in_clone_error(test):
    graph_fault(test, "captured", "cuGraphNodeFindInClone:fail=1@1+", redirected=0)


@case
def instantiate_error(test):
    """The clone can't be instantiated: the engine's own graph is."""
    graph_fault(test, "explicit", "cuGraphInstantiateWithFlags:fail=2@1")


@case
def exec_params_error(test):
    """A node of an executable graph can't be set to the candidate; it is set to what the engine wants."""
    graph_fault(test, "explicit", "cuGraphExecKernelNodeSetParams_v2:fail=1@4")


@case
def exec_update_error(test):
    graph_fault(test, "captured", "cuGraphExecUpdate_v2:fail=1@2")


# ---- devices and processes ----------------------------------------------------------------------

@case
def two_devices(test):
    registry = Registry(test).add(KERNELS["_Z3addPiii"])
    registry.build()
    run = redirect(test, registry, program="two_devices", words=[], extra={"FIBSIM_DEVICES": "2"})
    require(run.executed == {"add_candidate": 8}, f"{run.executed}")


@case
def fork(test):
    """Children go their own way; the parent's launches are redirected before and after."""
    registry = Registry(test).add(KERNELS["_Z3addPiii"])
    registry.build()
    redirect(test, registry, program="children", words=["fork-launch"])
    run = redirect(test, registry, program="rounds", words=[6, "fork"])
    require(run.executed.get("_Z3addPiii", 0) == 0 and run.executed.get("add_candidate", 0) > 0, f"{run.executed}")


if __name__ == "__main__":
    main()
