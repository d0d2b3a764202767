# SPDX-License-Identifier: Apache-2.0
"""Times of kernels, the judge's beside the program's own, for scripts/gpu_judge."""

import json
import statistics
import sys

import gpu_cases
import gpu_common
import gpu_registry
from gpu_judge_bench import Registry, bench, captured, ours, traces
from gpu_registry import Problem, require
from kernel_names import demangled, plain

TITLE = "Times of kernels inside a program"
HEADERS = ["kernel", "share of time", "in the program, us", "in the replayed window", "judge, cold", "judge, warm",
           "judge, graph", "within 3 %"]
NOTES = """A Llama of real widths whose decoding steps are launches of one CUDA graph. In the program: torch.profiler
(CUPTI), without the shim, of the same node of the graph, median over steps and rounds. In the replayed window: CUPTI,
among all the other launches of the window, the time that a case keeps as `replayed_ns`. Judge: the incumbent's median
in each mode; `graph` is a graph of this kernel alone. What a kernel finds in the L2 cache makes the difference between
them: the last column says which of the judge's times is within 3 % of the program's, the nearest first."""
MODES = ["replayed", "cold", "warm", "graph"]
GOAL = 0.03
TOKENS, ROUNDS = 4, 3
COMMAND = ["window_llama.py", "--mode", "graph", "--tokens", str(TOKENS)]


def command():
    return [sys.executable, gpu_common.ROOT / "tests" / "gpu" / "python" / COMMAND[0], *COMMAND[1:]]


def profiles(place, rounds):
    """[[{"name", "ns"}]]: kernels of the window in the order in which they started, of each round."""
    path, found = place / "profile.json", []
    for _ in range(rounds):
        path.unlink(missing_ok=True)
        outcome = gpu_common.run([*command(), "--windows", "0", "--profile", path], 120)
        require(path.exists(), f"no profile: {outcome.code}: {outcome.last_words()}")
        found.append(json.loads(path.read_text(encoding="utf-8")))
    require(len({len(profile) for profile in found}) == 1, "profiles of one program differ in their kernels")
    return found


def by_node(rounds, steps):
    """[(name, median ns)] of one step: the same launch of all steps and rounds taken together."""
    length = len(rounds[0])
    require(length % steps == 0, f"{length} kernels are no {steps} equal steps")
    step = length // steps
    nodes = []
    for node in range(step):
        samples = [profile[node + step * i] for profile in rounds for i in range(steps)]
        require(len({sample["name"] for sample in samples}) == 1, f"kernel {node} of a step is not always the same")
        nodes.append((samples[0]["name"], statistics.median(sample["ns"] for sample in samples)))
    return nodes


def busiest(nodes, mangled, most):
    """Mangled names of the kernels that take the most time, that are captured under one name."""
    totals = {}
    for name, ns in nodes:
        totals[plain(name)] = totals.get(plain(name), 0) + ns
    names = {}
    for name, readable in mangled.items():
        names.setdefault(plain(readable), []).append(name)
    order = sorted(totals, key=lambda name: -totals[name])
    return [names[name][0] for name in order if len(names.get(name, [])) == 1][:most]


def times_of(trace):
    """{mode: ns} of the incumbent."""
    times = {mode: values["incumbent_ns"] for mode, values in ours(trace).get("modes", {}).items()}
    workload = trace["workload"].get("fibshim") or {}
    if (workload.get("replayed_ms") or 0) > 0:
        times["replayed"] = 1e6 * workload["replayed_ms"]
    return times


def row_of(name, ns, share, times):
    """A row, and the differences by mode."""
    differences = {mode: times[mode] / ns - 1 for mode in MODES if mode in times}
    near = sorted((mode for mode in differences if abs(differences[mode]) <= GOAL),
                  key=lambda mode: abs(differences[mode]))
    cells = [f"{times[mode] / 1000:.2f} ({differences[mode]:+.1%})" if mode in times else "-" for mode in MODES]
    return [name[:70], f"{share:.1%}", f"{ns / 1000:.2f}", *cells, ", ".join(near) or "none"], differences


def compared(found, nodes, readable):
    """Rows and differences, the worst first. A kernel with launches of several kinds is compared by the median of
    the node times that belong to its name only if these are alike; else the row says so."""
    total = sum(ns for _, ns in nodes)
    rows = []
    for trace in found:
        mangled = (trace["workload"].get("fibshim") or {}).get("kernel", "")
        name = plain(readable.get(mangled, mangled))
        times = [ns for node, ns in nodes if plain(node) == name]
        if not times or trace["evaluation"]["status"] != "PASSED":
            continue
        middle = statistics.median(times)
        alike = max(times) <= 1.1 * min(times)
        row, differences = row_of(name, middle, sum(times) / total, times_of(trace))
        if not alike:
            row[-1] = "launches of several kinds"
        rows.append((row, differences if alike else None))
    return sorted(rows, key=lambda item: -min(map(abs, item[1].values()), default=0) if item[1] else 1)


def measure(options, place, deadline):
    window = gpu_cases.RANGE
    capture = captured(options.build, place / "capture", command(), window, timeout=180)
    nodes = by_node(profiles(place, ROUNDS), TOKENS)
    mangled = [kernel["name"] for kernel in gpu_registry.kernels_of(options.build, capture)]
    readable = demangled(mangled)
    registry = Registry(options.build, place / "registry")
    chosen = busiest(nodes, readable, 5 if options.quick else 14)
    problems = registry.bind_copies(capture, chosen)
    notes = [f"not bound: {readable[name][:80]}: {why[:160]}" for name, why in problems.items() if why]
    registry.compile()
    outcome = bench(registry, capture, "--incumbent", "--max-seconds", 0.5, "--fresh-runs", 0)
    if outcome.code not in (0, 1):
        notes.append(f"fib bench: {outcome.code}: {outcome.last_words()}")
    found = traces(registry.root)
    rows = compared(found, nodes, readable)
    known = [differences for _, differences in rows if differences]
    if not known:
        raise Problem(f"nothing to compare: {len(found)} results; {'; '.join(notes)[:300]}")
    counts = {mode: sum(abs(d[mode]) <= GOAL for d in known if mode in d) for mode in MODES}
    had = {mode: sum(mode in d for d in known) for mode in MODES}
    said = ", ".join(f"{counts[mode]} of {had[mode]} {mode}" for mode in MODES if had[mode])
    within = sum(any(abs(value) <= GOAL for value in d.values()) for d in known)
    return {"rows": [row for row, _ in rows], "notes": notes, "good": counts["replayed"] == had["replayed"] > 0,
            "verdict": f"within 3 % of the program's CUPTI time: {said}; in at least one of these: "
            f"{within} of {len(known)} kernels"}

