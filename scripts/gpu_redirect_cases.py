# SPDX-License-Identifier: Apache-2.0
"""The cases of scripts/gpu_redirect. Each appends entries for the results, or raises Problem."""

import concurrent.futures
import os
import random
import statistics
import sys
import time

import gpu_common
import gpu_registry
from gpu_registry import Problem, Registry, Run, checksums, require

sys.path.insert(0, str(gpu_common.ROOT / "tests" / "gpu" / "python"))
import redirect_registry

PYTHON = gpu_common.ROOT / "tests" / "gpu" / "python"
# Kernels by who made them: in the order in which they are looked for, so that each is of one kind.
KINDS = {"at::native": r"at6native", "Triton": r"^triton_", "cuBLAS": r"nvjet|gemm|gemv|cutlass|xmma|cublas"}
MOST = 3  # kernels of each kind
HITS = ("Exact", "Range", "DefinitionBest", "Pinned")
TIMEOUT = 120  # seconds, of one process


class Case:
    """A name and a function (build, directory, entries)."""

    def __init__(self, name, run):
        self.name, self.run = name, run


def entry(entries, name, verdict, **members):
    """Appends one row, with the time since the case began."""
    entries.append({"case": name, "verdict": verdict, **members})


def counts_of(run):
    return {"eager": run.of_candidates("eager"), "in_graphs": run.of_candidates("in_graphs"),
            "reasons": run.reasons()}


def safely(entries, name, step):
    """Runs a step; what goes wrong becomes an entry, and later steps go on."""
    start = time.monotonic()
    before = len(entries)
    try:
        step()
    except Exception as error:
        text = str(error) if isinstance(error, Problem) else f"{type(error).__name__}: {error}"
        entry(entries, name, text)
    for made in entries[before:]:
        made.setdefault("seconds", round(time.monotonic() - start, 1))


# ---- copies of a model's kernels ----------------------------------------------------------------

def llama_command(mode, cache, *words):
    return [sys.executable, PYTHON / "redirect_llama.py", "--mode", mode, "--cache", cache, *words]


def bound_copies(build, capture, registry):
    """Binds the busiest kernels of each kind. ({kind: names}, notes)"""
    kernels = gpu_registry.kernels_of(build, capture)
    chosen, notes = {}, []
    for kind, pattern in KINDS.items():
        names = gpu_registry.busiest(kernels, pattern, MOST)
        for name, problem in registry.bind_copies(capture, names).items():
            if problem:
                notes.append(f"{kind}: {name[:60]}: {problem[:200]}")
            else:
                chosen.setdefault(kind, []).append(name)
    require(chosen, f"nothing could be bound: {'; '.join(notes)[:300]}")
    return chosen, notes


def by_kind(run, chosen):
    """{kind: (launches, graph nodes)} that went to candidates."""
    return {kind: tuple(sum(run.of_kernel(name, counter) for name in names) for counter in ("eager", "in_graphs"))
            for kind, names in chosen.items()}


def judged_copies(expected, found, redirects, in_graphs):
    """The verdict of a run with copies."""
    if checksums(found) != expected:
        return f"other logits: {checksums(found)}, without the shim {expected}"
    none = [kind for kind, counts in redirects.items() if not sum(counts)]
    if none:
        return f"nothing redirected of {', '.join(none)}"
    if in_graphs and not any(counts[1] for counts in redirects.values()):
        return "no graph node redirected"
    return "good"


def copies_entry(entries, name, expected, run, chosen, notes, in_graphs):
    redirects = by_kind(run, chosen)
    said = [f"{kind}: {counts[0]} launches, {counts[1]} graph nodes of {len(chosen[kind])} kernels"
            for kind, counts in redirects.items()]
    equal = checksums(run.results) == expected
    entry(entries, name, judged_copies(expected, run.results, redirects, in_graphs),
          kernels=sum(map(len, chosen.values())), output="equal" if equal else "differs",
          notes=said + notes + run.said[:4], **counts_of(run))


def together(*calls):
    """Runs the calls at the same time; their results, or the first exception."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def some(build, place, mode, expected_kinds, expected, entries):
    """Copies of a few kernels of each kind; and on two GPUs, if it is the eager model."""
    name, cache = f"llama_{mode}", place / "inductor"
    registry = Registry(build, place / "registry")
    chosen, notes = bound_copies(build, place / "capture", registry)
    registry.compile()
    run = Run(registry, llama_command(mode, cache), 2 * TIMEOUT)
    copies_entry(entries, name, expected, run, chosen, notes, mode == "graph")
    missing = [kind for kind in expected_kinds if kind not in chosen]
    if missing and entries[-1]["verdict"] == "good":
        entries[-1]["verdict"] = f"nothing was bound of {', '.join(missing)}"
    if mode == "eager":
        safely(entries, "llama_two_gpus", lambda: two_gpus(registry, cache, expected, chosen, entries))


def llama(mode, expected_kinds):
    """Copies of kernels in one way to run a Llama."""
    name = f"llama_{mode}"

    def run(build, place, entries):
        _, bare = together(
            lambda: gpu_registry.record(build, place / "capture", llama_command(mode, place / "inductor"), 2 * TIMEOUT),
            lambda: gpu_registry.plain(llama_command(mode, place / "inductor-plain"), 2 * TIMEOUT))
        expected = checksums(bare)
        first, second = [], []
        together(lambda: safely(first, name, lambda: some(build, place, mode, expected_kinds, expected, first)),
                 lambda: safely(second, f"{name}_all", lambda: everything(build, place, mode, expected, second)))
        entries += first + second

    return Case(name, run)


def everything(build, place, mode, expected, entries):
    """All kernels of the capture, each bound to a copy of itself."""
    registry = Registry(build, place / "everything")
    warnings = registry.bind(place / "capture", ".")
    registry.compile()
    run = Run(registry, llama_command(mode, place / "inductor"), 2 * TIMEOUT)
    decided = sum(run.reasons().values())
    hits = sum(run.reasons().get(reason, 0) for reason in HITS)
    equal = checksums(run.results) == expected
    entry(entries, f"llama_{mode}_all", "good" if equal and hits else f"{hits} hits, output differs: {not equal}",
          kernels=len(run.report["candidates"]), output="equal" if equal else "differs",
          notes=[f"{hits} of {decided} launches and graph nodes were hits"] + warnings[:3] + run.said[:4],
          **counts_of(run))


def two_gpus(registry, cache, expected, chosen, entries):
    """The same on two GPUs of one process."""
    if gpu_common.output_of("nvidia-smi", "-L").count("GPU ") < 2:
        entry(entries, "llama_two_gpus", "skipped")
        return
    run = Run(registry, llama_command("eager", cache, "--gpus", "2"), 2 * TIMEOUT)
    copies_entry(entries, "llama_two_gpus", [",".join(expected * 2)], run, chosen, [], False)


# ---- a kernel written by hand, and a better one -------------------------------------------------

def norm_program(build):
    program = build / "tests" / "gpu" / "programs" / "redirect_norm"
    require(program.exists(), f"no {program}: build the GPU programs first")
    return [program]


def norm_registry(build, root, solution, pinned=True):
    registry = Registry(build, root)
    redirect_registry.write_all(root, solution, pinned)
    registry.compile()
    return registry


def samples_of(results):
    return [float(value) for value in results[0]["samples_us"].split(",")]


def speedup(before, after):
    """(median, lower bound of its 95 % interval) of the ratio, by bootstrap."""
    source = random.Random(1)
    ratios = sorted(statistics.median(source.choices(before, k=len(before)))
                    / statistics.median(source.choices(after, k=len(after))) for _ in range(2000))
    return statistics.median(before) / statistics.median(after), ratios[50]


def worst_error(results):
    return max(float(result["max_error"]) for result in results)


class Norm:
    """The steps around redirect_norm, which share what the program does without the shim."""

    def __init__(self, build, place, entries):
        self.build, self.place, self.entries = build, place, entries
        self.command = norm_program(build)
        self.bare = gpu_registry.plain(self.command, TIMEOUT)
        self.after = None

    def copy(self):
        """Bound by the tool to a copy of itself."""
        capture = self.place / "capture"
        gpu_registry.record(self.build, capture, self.command, TIMEOUT)
        registry = Registry(self.build, self.place / "copy")
        names = gpu_registry.busiest(gpu_registry.kernels_of(self.build, capture), "rmsnorm_rows", 1)
        problems = registry.bind_copies(capture, names)
        require(names and not any(problems.values()), f"not bound: {problems}")
        registry.compile()
        run = Run(registry, self.command, TIMEOUT)
        copies_entry(self.entries, "nvcc_copy", checksums(self.bare), run, {"nvcc": names}, [], True)

    def better(self):
        """Another implementation, compiled from CUDA C++ by NVRTC."""
        registry = norm_registry(self.build, self.place / "better", redirect_registry.BETTER)
        run = Run(registry, self.command, TIMEOUT)
        self.after = samples_of(run.results)
        ratio, low = speedup(samples_of(self.bare), self.after)
        verdict = "good"
        if not run.of_candidates("eager") or not run.of_candidates("in_graphs"):
            verdict = "not redirected in both eager launches and graphs"
        elif run.outcome.code != 0:
            verdict = f"the program says that its results are wrong: {run.outcome.last_words()}"
        note = (f"{statistics.median(samples_of(self.bare)):.2f} us a launch, {statistics.median(self.after):.2f} us "
                f"with the candidate: {ratio:.2f} times as fast (at least {low:.2f}); error of the original "
                f"{worst_error(self.bare):.2g}")
        entry(self.entries, "nvcc_better", verdict, kernels=1, output=f"{worst_error(run.results):.2g}",
              notes=[note] + run.said[:4], **counts_of(run))

    def measured(self):
        """Not pinned, but chosen since it was measured to be better, for that shape alone."""
        require(self.after, "the better candidate did not run")
        root = self.place / "measured"
        registry = norm_registry(self.build, root, redirect_registry.BETTER, pinned=False)
        ratio, low = speedup(samples_of(self.bare), self.after)
        latency = statistics.median(self.after) / 1000
        gpu = gpu_common.output_of("nvidia-smi", "--query-gpu=name", "--format=csv,noheader").splitlines()[0].strip()
        redirect_registry.write_result(root, redirect_registry.BETTER, gpu, latency, latency * ratio, low, 4e-3)
        run = Run(registry, self.command, TIMEOUT)
        reasons = run.reasons()
        good = reasons.get("Exact", 0) > 0 and run.outcome.code == 0 and reasons.get("Pinned", 0) == 0
        entry(self.entries, "nvcc_measured", "good" if good else f"decisions {reasons}", kernels=1,
              output=f"{worst_error(run.results):.2g}", notes=run.said[:4], **counts_of(run))

    def shadow(self):
        """Compared beside every launch, within the tolerances of bfloat16; nothing is replaced."""
        registry = norm_registry(self.build, self.place / "shadow", redirect_registry.BETTER)
        run = Run(registry, self.command, TIMEOUT, "shadow")
        shadowed, mismatched = run.of_candidates("shadowed"), run.of_candidates("mismatched")
        equal = checksums(run.results) == checksums(self.bare)
        verdict = "good" if equal and shadowed and not mismatched else \
            f"{shadowed} compared, {mismatched} differed, output {'equal' if equal else 'differs'}"
        entry(self.entries, "nvcc_shadow", verdict, kernels=1, output="equal" if equal else "differs",
              notes=[f"{shadowed} launches compared, {mismatched} differed"] + run.said[:4], **counts_of(run))

    def wrong(self):
        """A candidate that is wrong in one row of a hundred is caught and demoted, and leaves a record."""
        registry = norm_registry(self.build, self.place / "wrong", redirect_registry.WRONG)
        mismatches = self.place / "mismatches"
        mismatches.mkdir()
        run = Run(registry, self.command, TIMEOUT, "shadow", FIBSHIM_MISMATCH_DIR=mismatches)
        states = [candidate["state"] for candidate in run.report["candidates"]]
        equal = checksums(run.results) == checksums(self.bare)
        caught = run.of_candidates("mismatched") > 0 and "Demoted" in [state.capitalize() for state in states]
        left = len(os.listdir(mismatches))
        verdict = "good" if equal and caught and left and run.said else \
            f"mismatched {run.of_candidates('mismatched')}, states {states}, {left} records, {len(run.said)} lines"
        entry(self.entries, "nvcc_wrong", verdict, kernels=1, output="equal" if equal else "differs",
              notes=[f"{run.of_candidates('shadowed')} launches compared until it was demoted"] + run.said[:4],
              **counts_of(run))


def norm(build, place, entries):
    """All steps; each is isolated."""
    steps = Norm(build, place, entries)
    for name in ("copy", "better", "measured", "shadow", "wrong"):
        safely(entries, f"nvcc_{name}", getattr(steps, name))


def upstream(_build, place, entries):
    """Registries as we write them, read by FlashInfer-Bench's own models."""
    root = place / "registry"
    redirect_registry.write_all(root)
    redirect_registry.write_result(root, redirect_registry.BETTER, "NVIDIA H200", 0.01, 0.02, 1.9, 0.0)
    outcome = gpu_common.run([sys.executable, gpu_common.ROOT / "scripts" / "check_upstream", root], TIMEOUT)
    text = (outcome.out.strip().splitlines() or [outcome.err[-200:]])[-1]
    verdict = {0: "good", gpu_common.SKIPPED: "skipped"}.get(outcome.code, text)
    entry(entries, "upstream_reads_it", verdict, notes=[text.replace(str(root), "a registry")])


# Slow ones first, so that the last ones to end are short.
CASES = [llama("compile", ["at::native", "Triton", "cuBLAS"]), llama("eager", ["at::native", "cuBLAS"]),
         llama("graph", ["at::native", "cuBLAS"]), Case("nvcc", norm), Case("upstream_reads_it", upstream)]
