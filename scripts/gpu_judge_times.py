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
among all the other launches of the window, the median of all launches of the kernel, which a case keeps as
`replayed_ns`, beside that of the same launches in the program; none where these are not alike. Judge: the incumbent's
median in each mode, beside the program's node; `graph` is a graph of this kernel alone, where it is known what the
kernel writes. What a kernel finds in the L2 cache makes the difference between them: the last column says which of
the judge's times is within 3 % of the program's, the nearest first."""
MODES = ["replayed", "cold", "warm", "graph"]
GOAL = 0.03
TOKENS, ROUNDS = 4, 2
MOST_BEFORE = 50  # kernels between the window's begin and its first step
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
    return found


def prefix_of(names, steps):
    """How many kernels come before `steps` equal ones: a step may be prepared by kernels of its own."""
    for before in range(min(len(names), MOST_BEFORE)):
        step, rest = divmod(len(names) - before, steps)
        tail = names[before:]
        if step > 0 and rest == 0 and all(tail[i] == tail[i % step] for i in range(len(tail))):
            return before
    raise Problem(f"{len(names)} kernels are no {steps} equal steps")


def by_node(rounds, steps):
    """(kernels before the steps, [(name, median ns)] of one step): the same launch of all steps and rounds taken
    together."""
    names = [kernel["name"] for kernel in rounds[0]]
    require(all([kernel["name"] for kernel in profile] == names for profile in rounds), "profiles of one program differ")
    before = prefix_of(names, steps)
    step = (len(names) - before) // steps
    return before, [(names[before + node], statistics.median(profile[before + node + step * i]["ns"]
                                                            for profile in rounds for i in range(steps)))
                    for node in range(step)]


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


def row_of(name, ns, of_all, share, times):
    """A row, and the differences by mode. `ns`: of the node; `of_all`: of all nodes of the kernel."""
    differences = {mode: times[mode] / (of_all if mode == "replayed" else ns) - 1 for mode in MODES if mode in times}
    near = sorted((mode for mode in differences if abs(differences[mode]) <= GOAL),
                  key=lambda mode: abs(differences[mode]))
    cells = [f"{times[mode] / 1000:.2f} ({differences[mode]:+.1%})" if mode in times else "-" for mode in MODES]
    return [name[:70], f"{share:.1%}", f"{ns / 1000:.2f}", *cells, ", ".join(near) or "none"], differences


def time_in_program(workload, name, nodes, before):
    """(ns, whether all launches of the kernel are alike) of the launch that became the case; None: not known."""
    times = [ns for node, ns in nodes if plain(node) == name]
    if not times:
        return None, False
    alike = max(times) <= 1.1 * min(times)
    node, ns = nodes[(workload.get("launch", 1) - 1 - before) % len(nodes)]
    if plain(node) == name:
        return ns, alike
    return (statistics.median(times) if alike else None), alike


def compared(found, nodes, before, readable):
    """[(row, {mode: difference})], the worst first. What the window's replay knows is of all launches of a kernel:
    where these are not alike it is left out."""
    total = sum(ns for _, ns in nodes)
    rows = []
    for trace in found:
        workload = trace["workload"].get("fibshim") or {}
        name = plain(readable.get(workload.get("kernel"), ""))
        here, alike = time_in_program(workload, name, nodes, before)
        if here is None or trace["evaluation"]["status"] != "PASSED":
            continue
        times = times_of(trace)
        if not alike:
            times.pop("replayed", None)
        launches = [ns for node, ns in nodes if plain(node) == name]
        rows.append(row_of(name, here, statistics.median(launches), sum(launches) / total, times))
    return sorted(rows, key=lambda item: -min(map(abs, item[1].values()), default=0))


def measure(options, place, deadline):
    window = gpu_cases.RANGE
    capture = captured(options.build, place / "capture", command(), window, timeout=180)
    before, nodes = by_node(profiles(place, ROUNDS), TOKENS)
    mangled = [kernel["name"] for kernel in gpu_registry.kernels_of(options.build, capture)]
    readable = demangled(mangled)
    registry = Registry(options.build, place / "registry")
    chosen = busiest(nodes, readable, 5 if options.quick else 12)
    problems = registry.bind_copies(capture, chosen)
    notes = [f"not bound: {readable[name][:80]}: {why[:160]}" for name, why in problems.items() if why]
    registry.compile()
    outcome = bench(registry, capture, "--incumbent", "--max-seconds", 0.5, "--fresh-runs", 0)
    if outcome.code not in (0, 1):
        notes.append(f"fib bench: {outcome.code}: {outcome.last_words()}")
    found = traces(registry.root)
    rows = compared(found, nodes, before, readable)
    known = [differences for _, differences in rows]
    if not known:
        raise Problem(f"nothing to compare: {len(found)} results; {'; '.join(notes)[:300]}")
    counts = {mode: sum(abs(d[mode]) <= GOAL for d in known if mode in d) for mode in MODES}
    had = {mode: sum(mode in d for d in known) for mode in MODES}
    said = ", ".join(f"{counts[mode]} of {had[mode]} {mode}" for mode in MODES if had[mode])
    within = sum(any(abs(value) <= GOAL for value in d.values()) for d in known)
    return {"rows": [row for row, _ in rows], "notes": notes, "good": counts["replayed"] == had["replayed"] > 0,
            "verdict": f"within 3 % of the program's CUPTI time: {said}; in at least one of these: "
            f"{within} of {len(known)} kernels"}

