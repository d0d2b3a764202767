# SPDX-License-Identifier: Apache-2.0
"""compute-sanitizer and ncu beside a trial, for scripts/gpu_judge."""

import shutil
import sys

import gpu_common
from gpu_judge_bench import Registry, about, bench, captured, program, traces
from gpu_registry import require

sys.path.insert(0, str(gpu_common.ROOT / "tests" / "gpu" / "zoo"))
import zoo

TITLE = "compute-sanitizer and ncu"
HEADERS = ["candidate", "tool", "ended", "findings", "as it should be"]
NOTES = """`fib bench --sanitizer memcheck --ncu` on one launch: an honest candidate, about which there is nothing to
find, and one that writes to an address that is none."""
CANDIDATES = ["stir_good", "crashes"]


def rows_of(trace):
    """A row for each tool."""
    name, found = trace["solution"], about(trace)
    sanitizer, ncu = found.get("sanitizer") or {}, found.get("ncu") or {}
    errors = [line.strip("= ") for line in sanitizer.get("findings", []) if "Invalid" in line or "SUMMARY" in line]
    profile = [", ".join(f"{key} {value:.0f}" for key, value in kernel.items() if key != "kernel")
               for kernel in ncu.get("kernels", [])]
    measured = any("duration_ns" in kernel for kernel in ncu.get("kernels", []))
    honest = name == CANDIDATES[0]
    found_right = sanitizer.get("errors_found") == (not honest)
    rows = [[name, "compute-sanitizer", sanitizer.get("ending", "-"), "; ".join(errors[:3]) or "-",
             "yes" if found_right else "NO: " + " | ".join([*sanitizer.get("findings", []),
                                                            sanitizer.get("output", "")])[-400:]]]
    if honest:  # of one that crashes there is nothing to profile
        rows.append([name, "ncu", ncu.get("ending", "-"), "; ".join(profile[:1]) or "-",
                     "yes" if measured else "NO: " + ncu.get("output", "")[-400:]])
    return rows


def measure(options, place, deadline):
    missing = [tool for tool in ("compute-sanitizer", "ncu") if shutil.which(tool) is None]
    if missing:
        return {"rows": [], "skipped": True, "verdict": f"skipped: no {', '.join(missing)} in PATH"}
    capture = captured(options.build, place / "capture", [program(options.build, "judged"), "stir"])
    registry = Registry(options.build, place / "registry")
    zoo.write_cuda(registry.root, [zoo.BY_NAME[name] for name in CANDIDATES])
    registry.compile()
    outcome = bench(registry, capture, "--sanitizer", "memcheck", "--ncu", "--max-seconds", 0.3, "--fresh-runs", 1)
    require(outcome.code in (0, 1), f"fib bench: {outcome.code}: {outcome.last_words()}")
    rows = [row for trace in traces(registry.root) for row in rows_of(trace)]
    good = bool(rows) and all(row[-1] == "yes" for row in rows)
    return {"rows": rows, "good": good, "verdict": f"{sum(row[-1] == 'yes' for row in rows)} of {len(rows)} as "
            "they should be"}
