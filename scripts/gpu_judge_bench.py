# SPDX-License-Identifier: Apache-2.0
"""`fib bench` for the parts of scripts/gpu_judge: captures to judge, runs, and the Traces that they write."""

import json
import pathlib

import gpu_common
from gpu_registry import Registry, require


def captured(build, capture, command, window="at-launch=1", timeout=120):
    """Records a window of a command; the directory."""
    outcome = gpu_common.run([build / "bin" / "fib", "record", "-o", capture, "--no-summary", "--window", window,
                              "--", *command], timeout)
    require(outcome.code == 0, f"{pathlib.Path(command[0]).name} under the recorder: {outcome.code}: "
            f"{outcome.last_words()}")
    return capture


def program(build, name):
    return build / "tests" / "gpu" / "programs" / name


def bench(registry, capture, *options, timeout=300):
    """Runs `fib bench`; its outcome. What it found is in the registry; exit code 1 if some candidate is wrong."""
    return gpu_common.run([registry.build / "bin" / "fib", "bench", capture, "--registry", registry.root, *options],
                          timeout, registry.env())


def traces(root):
    """All Traces with an evaluation, in the order of their files."""
    found = []
    for path in sorted(pathlib.Path(root).glob("traces/**/*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        found += [record for record in map(json.loads, filter(str.strip, lines)) if record.get("evaluation")]
    return found


def ours(trace):
    """evaluation.performance.fibshim, empty without one."""
    return (trace["evaluation"].get("performance") or {}).get("fibshim") or {}


def about(trace):
    """evaluation.fibshim: reason, detail, seconds."""
    return trace["evaluation"].get("fibshim") or {}


def interval(trace):
    """"1.048 (1.045 to 1.052)": the speedup."""
    timing, performance = ours(trace), trace["evaluation"].get("performance") or {}
    if "speedup_low" not in timing:
        return "-"
    return f"{performance['speedup_factor']:.3f} ({timing['speedup_low']:.3f} to {timing.get('speedup_high', 0):.3f})"


__all__ = ["Registry", "about", "bench", "captured", "interval", "ours", "program", "traces"]
