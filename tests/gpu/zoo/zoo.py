# SPDX-License-Identifier: Apache-2.0
"""The zoo: candidates that the judge must catch, each with the status and the reason that it must give.

The kernels are in `<name>.cu` here, and under the same names in tests/integration/kernels/it_zoo.cpp for the
simulated driver. What they replace is in tests/gpu/programs/judged.cu and tests/integration/programs/judged.cpp.
Also a script: `zoo.py DIRECTORY` writes the registry of the CUDA zoo there. Needs no package.
"""

import base64
import dataclasses
import json
import pathlib
import sys

from families import ADD, ARGUMENTS, FAMILIES, NORM, OP_TYPE, STIR, SUMS, Family, number, pointer

HERE = pathlib.Path(__file__).resolve().parent
AUTHOR = "zoo"
SIMULATED = "it_zoo.simcubin"  # all kernels of the simulated zoo
GPU, SIM = "gpu", "sim"
BOTH = (GPU, SIM)
PASSED, WRONG, RUNTIME, TIMEOUT = "PASSED", "INCORRECT_NUMERICAL", "RUNTIME_ERROR", "TIMEOUT"


# ---- candidates ---------------------------------------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Cheat:
    """One candidate. `status`, `reasons`: what the judge must say of its worst case; of those that pass, which
    verdicts may stand in the Trace."""

    name: str
    family: Family
    status: str
    reasons: tuple  # any of these; empty if it passes
    why: str  # why the judge catches it, or what it is good for
    verdicts: tuple = ()  # of a candidate that passes; empty: any
    also: tuple = ()  # other pairs of status and reason that are as good
    # Where it must be caught: in "every" case, in "any" (one at least), in "some" (not in all).
    cases: str = "every"
    grid: tuple = ()
    shared_memory: int = 0
    split: bool = False  # two kernels and a workspace
    on: tuple = BOTH
    linked: bool = False  # needs the device runtime: nvcc, not NVRTC

    def expected(self):
        """Pairs of status and reason."""
        return {(self.status, reason) for reason in self.reasons} | set(self.also)

    def launch(self):
        family = self.family
        kernel = {"entry": self.name, "grid": list(self.grid or family.grid), "block": [256],
                  "arguments": ARGUMENTS[family.definition]}
        if self.shared_memory:
            kernel["shared_memory"] = self.shared_memory
        block = {"kernels": [kernel], "in_place": family.in_place,
                 "tensors": {name: {"alignment": 1, "tail": 1} for name in family.tensors()}}
        if self.split:
            block["kernels"] = [
                {"entry": f"{self.name}_parts", "grid": ["rows", "2"], "block": [256],
                 "arguments": [pointer("workspace"), pointer("x"), number("rows"), number("width")]},
                {"entry": self.name, "grid": ["ceil_div(rows, 256)"], "block": [256],
                 "arguments": [pointer("sums"), pointer("workspace"), number("rows")]}]
            block["workspace"] = "rows * 8"
        return block


LITTLE, MUCH, INPUTS = ("writes too little",), ("writes too much",), ("modifies its inputs",)
RECORDED, TIRED = ("right only for the recorded inputs",), ("right only before timing",)
VALUES, UNINITIALISED = ("wrong values",), ("relies on uninitialised memory",)
HIDDEN = "works outside its timed kernels"

ZOO = [
    # Honest ones: a judge that catches them is of no use.
    Cheat("stir_copy", STIR, PASSED, (), "the incumbent itself: there is no difference",
          ("no clear difference",)),
    Cheat("stir_good", STIR, PASSED, (), "leaves out work that comes to nothing", ("faster",)),
    Cheat("stir_slow", STIR, PASSED, (), "right, with three times the work", ("slower",), on=(GPU,)),
    Cheat("stir_slower5", STIR, PASSED, (), "right, with 5 % more work", ("slower",), on=(GPU,)),
    Cheat("stir_faster5", STIR, PASSED, (), "right, in 1/1.05 of the time", ("faster",), on=(GPU,)),
    Cheat("add_good", ADD, PASSED, (), "in place, as the incumbent"),
    Cheat("sums_split", SUMS, PASSED, (), "two kernels and a workspace that it writes before it reads", split=True),
    Cheat("norm_good", NORM, PASSED, (), "another kernel with the same values"),
    # Writes other than the incumbent's.
    Cheat("writes_nothing", NORM, WRONG, LITTLE, "outputs are filled with a pattern before each run"),
    Cheat("writes_some_rows", NORM, WRONG, LITTLE, "the pattern is still there in the rows that it left out"),
    Cheat("trusts_stale_output", STIR, WRONG, LITTLE + VALUES + UNINITIALISED,
          "what the engine's earlier launch left in the output is gone"),
    Cheat("writes_before", STIR, WRONG, MUCH, "memory that the incumbent does not write must not change"),
    Cheat("writes_behind", STIR, WRONG, MUCH, "memory that the incumbent does not write must not change"),
    Cheat("writes_other_tensor", STIR, WRONG, MUCH, "whole allocations are compared, not only tensors"),
    Cheat("writes_other_allocation", STIR, WRONG, MUCH, "all memory that the launch can reach is compared"),
    Cheat("modifies_input", STIR, WRONG, INPUTS, "an input that is no output must not change"),
    Cheat("adds_to_both", ADD, WRONG, INPUTS, "an input that is no output must not change"),
    Cheat("adds_nothing", ADD, WRONG, LITTLE + VALUES, "what the incumbent changed did not change"),
    # Answers that were not computed.
    Cheat("reads_answer", STIR, WRONG, RECORDED, "with other inputs the engine's old answer is wrong"),
    Cheat("first_answer", STIR, WRONG, RECORDED, "with other inputs the first answer is wrong"),
    Cheat("first_sums", SUMS, WRONG, RECORDED, "other inputs have other sums, even where there is but one row"),
    Cheat("cached_by_address", STIR, WRONG, RECORDED, "other inputs come at the same addresses"),
    Cheat("cached_by_fingerprint", STIR, WRONG, RECORDED, "inputs may differ in a few elements only"),
    # Of a short row it may by chance sample a value that changed; then it computes, and is right.
    Cheat("cached_sums", SUMS, WRONG, RECORDED, "inputs may differ in a few elements only", cases="any"),
    # Work that is done for the checks only.
    Cheat("every_other", STIR, WRONG, LITTLE + TIRED + ("nondeterministic",),
          "every run is checked, with the output filled anew"),
    Cheat("adds_once", ADD, WRONG, LITTLE + VALUES, "every run is checked, with the inputs put back"),
    Cheat("first_launches", STIR, WRONG, TIRED + LITTLE, "what it wrote while it was timed is checked"),
    # It goes by a clock: where checks are quick, or the machine is slow, it gives itself away in another one.
    Cheat("idle_in_a_hurry", STIR, WRONG, TIRED + LITTLE + RECORDED + UNINITIALISED + VALUES,
          "launches in quick succession are checked, too", cases="any"),
    Cheat("late", STIR, WRONG, LITTLE, "work that ends after its kernels have", also=((RUNTIME, HIDDEN),), linked=True),
    # Luck.
    Cheat("trusts_workspace", SUMS, WRONG, UNINITIALISED, "the workspace holds another pattern each time",
          split=True),
    Cheat("overflows_workspace", SUMS, WRONG, MUCH, "there are guards around the workspace",
          also=((RUNTIME, "illegal address"), (RUNTIME, "crashed")), split=True),
    Cheat("trusts_shared_memory", NORM, WRONG, UNINITIALISED + VALUES,
          "shared memory is filled with a pattern before each run", shared_memory=16, on=(GPU,)),
    # Plainly wrong.
    Cheat("wrong_in_one", STIR, WRONG, VALUES, "all elements are compared, and all have to be right"),
    Cheat("makes_nan", NORM, WRONG, ("NaN",), "a NaN equals nothing but a NaN"),
    Cheat("ignores_weight", NORM, WRONG, VALUES, "the recorded weights are no ones"),
    Cheat("fixed_rows", NORM, WRONG, LITTLE, "several shapes are judged", cases="some", grid=("32",)),
    Cheat("hangs", STIR, TIMEOUT, ("hangs",), "a watchdog ends the process"),
    Cheat("crashes", STIR, RUNTIME, ("illegal address", "crashed"), "the process is the candidate's own"),
]
BY_NAME = {cheat.name: cheat for cheat in ZOO}


def of(backend):
    """The candidates for one backend."""
    return [cheat for cheat in ZOO if backend in cheat.on]


# ---- registries ---------------------------------------------------------------------------------

def cuda_sources(cheat, image=None):
    """Of a Solution for NVRTC; `image`: a cubin that stands for the source."""
    if image is not None:
        return f"{cheat.name}.cubin", [binary(f"{cheat.name}.cubin", image)]
    return f"{cheat.name}.cu", [{"path": path, "content": (HERE / path).read_text(encoding="utf-8")}
                                for path in (f"{cheat.name}.cu", "zoo.h")]


def binary(path, content):
    return {"path": path, "encoding": "base64", "content": base64.b64encode(content).decode()}


def solution(cheat, main, sources, target):
    launch = cheat.launch()
    for kernel in launch["kernels"]:
        kernel["module"] = main
    return {"name": cheat.name, "definition": cheat.family.definition, "author": AUTHOR, "description": cheat.why,
            "spec": {"language": "cuda", "target_hardware": [target], "entry_point": f"{main}::{cheat.name}",
                     "launch": launch}, "sources": sources}


def write(root, path, record):
    path = pathlib.Path(root) / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def write_families(root, families=None):
    """Definitions and bindings."""
    for family in families or FAMILIES:
        write(root, f"definitions/{OP_TYPE}/{family.definition}.json", family.record())
        write(root, f"bindings/{OP_TYPE}/{family.definition}/judged.json", family.binding())


def write_solution(root, record):
    write(root, f"solutions/{AUTHOR}/{OP_TYPE}/{record['definition']}/{record['name']}.json", record)


def write_cuda(root, cheats, images=None, target="NVIDIA_H200"):
    """A registry of these candidates; `images`: {name: cubin} of those that NVRTC can't make."""
    images = images or {}
    write_families(root, unique(cheat.family for cheat in cheats))
    for cheat in cheats:
        main, sources = cuda_sources(cheat, images.get(cheat.name))
        write_solution(root, solution(cheat, main, sources, target))


def write_simulated(root, cheats, image):
    """The same for the simulated driver; `image`: the bytes of it_zoo.simcubin."""
    write_families(root, unique(cheat.family for cheat in cheats))
    for cheat in cheats:
        write_solution(root, solution(cheat, SIMULATED, [binary(SIMULATED, image)], "Simulated"))


def unique(families):
    return list({family.definition: family for family in families}.values())


# ---- what was found -----------------------------------------------------------------------------

def traces(root, family):
    """What the judge wrote about this Definition, as dictionaries."""
    found = []
    for path in sorted(pathlib.Path(root).glob(f"traces/*/{OP_TYPE}/{family.definition}.jsonl")):
        found += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return found


def said(trace):
    """(status, reason, verdict, detail) of a Trace."""
    evaluation = trace["evaluation"]
    own = evaluation.get("fibshim") or {}
    performance = ((evaluation.get("performance") or {}).get("fibshim") or {})
    return evaluation["status"], own.get("reason", ""), performance.get("verdict", ""), own.get("detail", "")


def complaint(cheat, found, timed=True):
    """What the judge got wrong about a candidate, in one line; empty: nothing. `found`: its Traces."""
    if not found:
        return "not judged"
    results = [said(trace) for trace in found]
    caught = [result for result in results if result[0] != PASSED]
    if cheat.status == PASSED:
        if caught:
            return f"an honest candidate is called {caught[0][0]}, '{caught[0][1]}': {caught[0][3]}"
        verdicts = sorted({result[2] for result in results})
        wrong = [verdict for verdict in verdicts if verdict not in cheat.verdicts]
        return f"verdict {', '.join(wrong)}" if timed and cheat.verdicts and wrong else ""
    if not caught:
        return f"not caught: {len(results)} cases passed"
    if cheat.cases == "every" and len(caught) < len(results):
        return f"not caught in {len(results) - len(caught)} of {len(results)} cases"
    if cheat.cases == "some" and len(caught) == len(results):
        return "right in no case"
    for status, reason, _, detail in caught:
        if (status, reason) not in cheat.expected():
            return f"{status}, '{reason}' ({detail}), not {cheat.status}, '{' or '.join(cheat.reasons)}'"
    return ""


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: zoo.py DIRECTORY")
    write_cuda(sys.argv[1], [cheat for cheat in of(GPU) if not cheat.linked])
