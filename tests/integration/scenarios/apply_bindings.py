# SPDX-License-Identifier: Apache-2.0
"""Launches that a binding, a candidate or a policy does not take: the original runs, and the reason is counted."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from redirects import STEPS, all_redirected, blend, kept, redirect
from registry_maker import BLEND, Registry, blend_in_two
from scenario import case, main, require


def with_binding(test, **changes):
    binding = BLEND.binding()
    match = {**binding["match"], **changes.pop("match", {})}
    return blend(test, binding={"match": match, **changes})


@case
def layout_mismatch(test):
    parameters = [[0, 8], [8, 8], [16, 4], [20, 4], [24, 8]]
    kept(test, with_binding(test, match={"parameters": parameters}), "LayoutMismatch")


@case
def code_mismatch(test):
    kept(test, with_binding(test, match={"code": "0" * 32}), "CodeMismatch")


@case
def image_mismatch(test):
    kept(test, with_binding(test, match={"image": "0" * 32}), "CodeMismatch")


@case
def condition_false(test):
    kept(test, with_binding(test, match={"conditions": ["block.x == 31"]}), "ConditionFalse")


@case
def expression_overflow(test):
    huge = "(param(4, 0, i32) + 2) * 9223372036854775807 > 0"
    kept(test, with_binding(test, match={"conditions": [huge]}), "ExpressionFailed")


@case
def division_by_zero(test):
    nothing = "100 / (param(5, 0, i32) - param(4, 0, i32) - 1) > 0"
    kept(test, with_binding(test, match={"conditions": [nothing]}), "ExpressionFailed")


@case
def beyond_parameters(test):
    kept(test, with_binding(test, checks=["param(17, 0, i32) == 1"]), "ExpressionFailed")


@case
def const_axis(test):
    registry = blend(test)
    record = BLEND.definition_record()
    record["axes"]["width"] = {"type": "const", "value": 31, "description": "Values."}
    registry.define(BLEND, axes=record["axes"])
    kept(test, registry, "ConstAxisMismatch")


@case
def zero_axis(test):
    kept(test, blend(test), "EmptyAxis", way="empty")


@case
def misaligned(test):
    launch = BLEND.launch()
    launch["tensors"] = {}
    kept(test, blend(test, launch), "Misaligned", way="misaligned")


@case
def ragged_tail(test):
    launch = BLEND.launch()
    launch["tensors"] = {}
    kept(test, blend(test, launch), "Tail", way="ragged")


@case
def aliasing(test):
    kept(test, blend(test), "Aliasing", way="overlapping")


@case
def in_place_refused(test):
    launch = BLEND.launch()
    launch["in_place"] = []
    kept(test, blend(test, launch), "Aliasing", way="in_place")


@case
def in_place_allowed(test):
    all_redirected(redirect(test, blend(test), way="in_place"))


@case
def unsupported(test):
    launch = BLEND.launch()
    launch["conditions"] = ["rows % 8 == 1"]
    kept(test, blend(test, launch), "Unsupported")


@case
def disabled(test):
    registry = blend(test)
    registry.policy("blend", enabled=False)
    kept(test, registry, "Disabled")


@case
def other_gpu(test):
    registry = Registry(test).add(BLEND, pin=False)
    registry.measured(BLEND, "blend_candidate", "NVIDIA H100", {"rows": 8, "width": 32})
    registry.build()
    kept(test, registry, "DeviceMismatch")


@case
def code_not_judged(test):
    """Results against a kernel whose code nobody noted: with same_code they count for no kernel."""
    registry = Registry(test).add(BLEND, pin=False)
    registry.measured(BLEND, "blend_candidate", "fibshim simulated GPU", {"rows": 8, "width": 32})
    registry.policy("blend", same_code=True)
    registry.build()
    kept(test, registry, "CodeNotJudged")
    registry.policy("blend", same_code=False)
    all_redirected(redirect(test, registry))


@case
def not_faster(test):
    registry = Registry(test).add(BLEND, pin=False)
    registry.measured(BLEND, "blend_candidate", "fibshim simulated GPU", {"rows": 8, "width": 32}, speedup=1.01)
    registry.build()
    kept(test, registry, "NotClear")


@case
def workspace_too_large(test):
    launch = blend_in_two()
    launch["workspace"] = "1 << 40"
    kept(test, blend(test, launch), "NoWorkspace", way="slow")


@case
def workspace_exhausted(test):
    """The memory of the pool is as small as it can be configured."""
    config = test.dir / "config.json"
    config.write_text('{"workspace_bytes": 1024}')
    launch = blend_in_two()
    launch["workspace"] = "rows * width * 4 + 1"
    kept(test, blend(test, launch), "NoWorkspace", way="slow", extra={"FIBSHIM_CONFIG": config})


@case
def no_memory_for_workspace(test):
    """The driver gives the program its memory, and the pool none."""
    kept(test, blend(test, blend_in_two()), "NoWorkspace", "workspace", way="slow",
         faults="cuMemAlloc_v2:fail=2@4+")


@case
def old_driver(test):
    """A driver that can't tell parameters: nothing is redirected."""
    run = redirect(test, blend(test), extra={"LD_LIBRARY_PATH": test.build / "sim_old"})
    require(run.executed == {"blend": STEPS}, f"{run.executed}")


if __name__ == "__main__":
    main()
