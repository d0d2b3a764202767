# SPDX-License-Identifier: Apache-2.0
"""Solutions judged on Workloads, without any capture, for scripts/gpu_judge."""

import json
import sys

import gpu_common
from gpu_judge_bench import Registry, about, ours, traces
from gpu_registry import require

sys.path.insert(0, str(gpu_common.ROOT / "tests" / "gpu" / "python"))
import side_by_side

TITLE = "On Workloads"
HEADERS = ["Solution", "baseline", "is", "verdict", "candidate, us", "against the baseline", "seconds", "judged right"]
NOTES = """`fib bench --workloads`: random inputs of the shapes of FlashInfer Trace Workloads, what is right by the
Definition's Python `run` under torch. The first lines have no baseline, the others the right Solution of another
author, which is the same kernel."""
BASELINE = "someone"  # another author, with the same kernel


def with_baseline(root):
    """The right Solutions under another author's name, to be compared with."""
    for record in side_by_side.solutions():
        if record["name"].endswith("_right"):
            copy = {**record, "name": record["name"].replace("right", "theirs"), "author": BASELINE}
            op_type = "gemm" if copy["definition"] == side_by_side.GEMM else side_by_side.norm.OP_TYPE
            path = f"solutions/{BASELINE}/{op_type}/{copy['definition']}/{copy['name']}.json"
            side_by_side.norm.write(root, path, copy)


def row_of(trace, baseline):
    name, evaluation = trace["solution"], trace["evaluation"]
    timing, performance = ours(trace), evaluation.get("performance") or {}
    passed = evaluation["status"] == "PASSED"
    verdict = "no clear difference" if baseline else "not compared"
    right = not passed if name.endswith("_wrong") else passed and timing.get("verdict") == verdict
    told = f"{performance['speedup_factor']:.3f}x ({timing['speedup_low']:.3f} to {timing['speedup_high']:.3f})" \
        if "speedup_low" in timing else "-"
    reason = about(trace).get("reason")
    return [name, baseline or "-", f"{evaluation['status']}: {reason}" if reason else evaluation["status"],
            timing.get("verdict", "-"), f"{1000 * performance['latency_ms']:.2f}" if performance else "-", told,
            f"{about(trace).get('seconds', 0):.1f}", "yes" if right else "NO"]


def measure(options, place, deadline):
    rows, wanted = [], 0
    for baseline in ("", BASELINE):
        registry = Registry(options.build, place / (baseline or "plain"))
        side_by_side.write_all(registry.root)
        if baseline:
            with_baseline(registry.root)
        registry.compile()
        extra = ["--baseline", "_theirs$"] if baseline else []
        outcome = gpu_common.run([options.build / "bin" / "fib", "bench", "--registry", registry.root, "--workloads",
                                  "--json", *extra], 150, registry.env())
        require(outcome.code in (0, 1), f"fib bench --workloads: {outcome.code}: {outcome.last_words()}")
        failed = [result["problem"] for result in json.loads(outcome.out)["jobs"] if result.get("problem")]
        require(not failed, f"not tried: {'; '.join(failed)[:300]}")
        wanted += len(side_by_side.solutions())
        rows += [row_of(trace, baseline) for trace in traces(registry.root) if trace["evaluation"]]
    good = all(row[-1] == "yes" for row in rows) and len(rows) >= wanted
    return {"rows": rows, "good": good,
            "verdict": f"{sum(row[-1] == 'yes' for row in rows)} of {len(rows)} results right"}
