# SPDX-License-Identifier: Apache-2.0
"""What redirecting costs, for scripts/gpu_redirect: beside apply() of FlashInfer-Bench."""

import json
import statistics
import sys

import gpu_common
from gpu_registry import Problem, Registry

sys.path.insert(0, str(gpu_common.ROOT / "tests" / "gpu" / "python"))
import redirect_registry

ROUNDS = 4
BURSTS = 60  # of 500 launches, of each kind of kernel
KIND = "4 params"
KERNEL, CANDIDATE = "_Z11four_paramsPfPKffi", "four_params_candidate"
GOALS = {"miss": 20, "hit": 50, "hit with 3 conditions": 80}  # ns
NOTES = """Decision: nanoseconds that the dispatcher adds to one cuLaunchKernel on this driver, against the same call
straight into the driver, by turns (redirect_bench); a hit launches the engine's own kernel through the candidate's
way. Launch: the same through the preloaded library, hook included, with a candidate of its own (launch_bench).
apply(): one call of FlashInfer-Bench from PyPI with a Solution that does nothing, less the same function called
directly, on this machine's Python. Medians of the processes, and their range."""
PTX = """.version 8.0
.target sm_80
.address_size 64

.visible .entry four_params_candidate(
  .param .u64 out, .param .u64 in, .param .f32 scale, .param .u32 count) { ret; }
"""


def definition():
    return {"name": "four_params", "op_type": "bench", "description": "Nothing.",
            "axes": {"one": {"type": "const", "value": 1, "description": "One."}},
            "inputs": {"count": {"shape": None, "dtype": "int32", "description": "A number."}}, "outputs": {},
            "reference": "def run(count):\n    return None\n"}


def binding(kernel, conditions):
    return {"name": "bench", "definition": "four_params",
            "match": {"kernel": {"name": kernel}, "parameters": [[0, 8], [8, 8], [16, 4], [20, 4]],
                      "conditions": conditions},
            "axes": {"one": 1}, "inputs": {"count": "param(3, 0, i32)"}, "outputs": {}}


def solution():
    copies = [{"copy": {"parameter": i, "offset": 0, "size": size}} for i, size in enumerate((8, 8, 4, 4))]
    launch = {"kernels": [{"entry": CANDIDATE, "grid": ["grid.x"], "block": ["block.x"], "arguments": copies}]}
    return {"name": CANDIDATE, "definition": "four_params", "author": redirect_registry.AUTHOR,
            "spec": {"language": "cuda", "target_hardware": ["NVIDIA_H200"], "entry_point": f"nothing.ptx::{CANDIDATE}",
                     "launch": launch},
            "sources": [{"path": "nothing.ptx", "content": PTX}]}


def registry(build, root, kernel, conditions=()):
    """A built registry whose candidate is as empty as the kernel that it replaces."""
    made = Registry(build, root)
    redirect_registry.write(root, "definitions/bench/four_params.json", definition())
    redirect_registry.write(root, "bindings/bench/four_params/bench.json", binding(kernel, list(conditions)))
    redirect_registry.write(root, f"solutions/{redirect_registry.AUTHOR}/bench/four_params/{CANDIDATE}.json",
                            solution())
    redirect_registry.write(root, "bindings/policies.json", {"per_definition": {"four_params": {"pin": CANDIDATE}}})
    made.compile()
    return made


def settings(build, directory):
    """{what: environment} of the processes to compare."""
    shim = {"LD_PRELOAD": str(build / "lib" / "libfibshim.so"), "FIBSHIM_MODE": "apply"}
    three = ["block.x == 32", "grid.x == 1", "smem <= 49152"]
    made = {"miss": registry(build, directory / "miss", "_Z5othervPfPKffi"),
            "hit": registry(build, directory / "hit", KERNEL),
            "hit with 3 conditions": registry(build, directory / "three", KERNEL, three)}
    return {"none": {}, **{name: {**shim, **one.env()} for name, one in made.items()}}


def launch_once(build, env):
    """Nanoseconds that this environment adds to a call; None if it did not work."""
    command = [build / "bin" / "launch_bench", "--pause", 500, "--bursts", BURSTS]
    outcome = gpu_common.run(command, 60, env)
    for line in outcome.out.splitlines():
        if line.startswith("{"):
            values = json.loads(line)
            if values.get("kind") == KIND:
                return values["difference_ns"]
    print(f"launch_bench: exit code {outcome.code}: {outcome.last_words()}", flush=True)
    return None


def row(what, values, goal="-"):
    if not values:
        return [what, "-", "failed", goal]
    return [what, f"{statistics.median(values):.1f}", f"{min(values):.1f} to {max(values):.1f}", goal]


def launch_rows(build, directory):
    """What the mode apply adds to a launch."""
    try:
        environments = settings(build, directory)
    except Problem as problem:
        return [["launch, added by the shim", "-", str(problem)[:80], "-"]]
    samples = {name: [] for name in environments}
    launch_once(build, {})  # the first process of a machine is slower
    for _ in range(ROUNDS):
        for name, env in environments.items():
            added = launch_once(build, env)
            if added is not None:
                samples[name].append(added)
    titles = {"none": "launch, without the shim (control)"}
    return [row(titles.get(name, f"launch, {name}"), values) for name, values in samples.items()]


def decision_rows(build):
    """What the dispatcher adds to a call, of each kind of decision (redirect_bench)."""
    program = build / "bin" / "redirect_bench"
    if not program.exists():
        return [["decision", "-", "no redirect_bench in the build", "-"]]
    samples = {}
    for _ in range(ROUNDS):
        outcome = gpu_common.run([program, "--bursts", BURSTS], 60)
        for line in outcome.out.splitlines():
            if line.startswith("{"):
                values = json.loads(line)
                samples.setdefault(values["decision"], []).append(values["difference_ns"])
        if outcome.code != 0:
            print(f"redirect_bench: exit code {outcome.code}: {outcome.last_words()}", flush=True)
    if not samples:
        return [["decision", "-", f"redirect_bench: {outcome.last_words()[:80]}", "-"]]
    return [row(f"decision, {name}", values, GOALS.get(name, "-")) for name, values in samples.items()]


def apply_rows():
    """FlashInfer-Bench's apply(), if the package is here."""
    script = gpu_common.ROOT / "tests" / "gpu" / "python" / "flashinfer_apply_cost.py"
    outcome = gpu_common.run([sys.executable, script], 120)
    values = outcome.result()
    if "hit_ns" not in values:
        why = values.get("absent", f"exit code {outcome.code}: {outcome.last_words()}").replace("_", " ")
        return [["apply() of FlashInfer-Bench", "-", why[:100], "-"]]
    title = f"apply() of FlashInfer-Bench {values['version']}"
    direct = float(values["direct_ns"])
    return [[f"{title}, {kind}", f"{float(values[f'{kind}_ns']) - direct:.0f}", "-", "-"] for kind in ("hit", "miss")]


def rows(build, directory):
    """The table."""
    directory.mkdir(parents=True, exist_ok=True)
    made = []
    for part in (lambda: decision_rows(build), lambda: launch_rows(build, directory), apply_rows):
        try:
            made += part()
        except Exception as error:  # one part must not cost the others
            made.append(["failed", "-", f"{type(error).__name__}: {error}"[:100], "-"])
    return made
