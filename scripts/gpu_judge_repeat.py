# SPDX-License-Identifier: Apache-2.0
"""The same three candidates again and again, for scripts/gpu_judge: what a verdict is worth."""

import statistics
import sys
import time

import gpu_common
from gpu_judge_bench import Registry, bench, captured, ours, program, traces
from gpu_registry import require

sys.path.insert(0, str(gpu_common.ROOT / "tests" / "gpu" / "zoo"))
import zoo

TITLE = "Verdicts, repeated"
HEADERS = ["candidate", "trials", "should be", "is", "ratio: median", "smallest", "largest", "interval", "seconds each",
           "good"]
NOTES = """Each trial is a process of its own, with its own seed. Ratios are incumbent / candidate, by times that the
candidates' code itself fixes: 1, 1/1.05 and 1.05. `interval`: median width of the trials' intervals."""
CANDIDATES = ["stir_copy", "stir_slower5", "stir_faster5"]
SHARE = 0.95  # of the trials that must be right


def row_of(name, found):
    """A row and whether it is good, from the Traces of one candidate."""
    expected = zoo.BY_NAME[name].verdicts[0]
    verdicts = [ours(trace).get("verdict") or trace["evaluation"]["status"] for trace in found]
    right = verdicts.count(expected)
    ratios = [trace["evaluation"]["performance"]["speedup_factor"] for trace in found
              if trace["evaluation"].get("performance")]
    widths = [ours(trace)["speedup_high"] - ours(trace)["speedup_low"] for trace in found
              if "speedup_high" in ours(trace)]
    seconds = [(trace["evaluation"].get("fibshim") or {}).get("seconds", 0) for trace in found]
    said = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in sorted(set(verdicts)))
    good = bool(found) and right >= SHARE * len(found)
    numbers = [f"{value:.4f}" for value in (statistics.median(ratios), min(ratios), max(ratios))] if ratios else \
        ["-"] * 3
    return [name, len(found), expected, said, *numbers, f"{statistics.median(widths):.4f}" if widths else "-",
            f"{statistics.mean(seconds):.1f}" if seconds else "-", "yes" if good else "NO"]


def measure(options, place, deadline):
    capture = captured(options.build, place / "capture", [program(options.build, "judged"), "stir"])
    registry = Registry(options.build, place / "registry")
    zoo.write_cuda(registry.root, [zoo.BY_NAME[name] for name in CANDIDATES])
    registry.compile()
    done = 0
    for seed in range(1, options.rounds + 1):
        if time.monotonic() > deadline:
            break
        outcome = bench(registry, capture, "--seed", seed, "--max-seconds", 0.6, "--fresh-runs", 1)
        require(outcome.code == 0, f"fib bench, seed {seed}: {outcome.code}: {outcome.last_words()}")
        done += 1
    found = traces(registry.root)
    rows = [row_of(name, [trace for trace in found if trace["solution"] == name]) for name in CANDIDATES]
    good = all(row[-1] == "yes" for row in rows) and all(row[1] == options.rounds for row in rows)
    return {"rows": rows, "good": good, "verdict": f"{done} of {options.rounds} rounds; "
            f"{sum(row[-1] == 'yes' for row in rows)} of {len(rows)} candidates right in {SHARE:.0%} of them"}
