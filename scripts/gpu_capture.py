# SPDX-License-Identifier: Apache-2.0
"""Recording windows and replaying them: what gpu_replay, gpu_image and gpu_timing share."""

import json
import pathlib
import sys

import gpu_common

NEEDED = ["bin/fib", "lib/libfibshim.so"]


def require_build(build):
    """Ends the script if the build directory lacks the tools."""
    for name in NEEDED:
        if not (build / name).exists():
            sys.exit(f"no {build}/{name}: build first (scripts/gpu_proof does), or give --build")


def size_of(directory):
    """Bytes of all files below a directory."""
    return sum(path.stat().st_size for path in pathlib.Path(directory).rglob("*") if path.is_file())


def record(build, capture, window, command, timeout, *options):
    """Runs a command under `fib record --window`; its outcome."""
    return gpu_common.run([build / "bin" / "fib", "record", "-o", capture, "--window", window, *options, "--",
                           *command], timeout)


def info(build, capture):
    """What `fib info --json` says; empty if it can't read the capture."""
    outcome = gpu_common.run([build / "bin" / "fib", "info", "--json", capture], 120)
    try:
        return json.loads(outcome.out)
    except ValueError:
        return {}


def windows(facts):
    """All windows in what `fib info --json` said, in their order."""
    return [window for process in facts.get("processes", []) for window in process.get("windows", [])]


def deviations(facts):
    """{text: count} over the processes of a capture."""
    found = {}
    for process in facts.get("processes", []):
        for item in process.get("deviations", []):
            text = f"{item['name']}: {item['text']}"[:200]
            found[text] = found.get(text, 0) + item["count"]
    return found


def replay(build, capture, timeout, *options):
    """Runs `fib replay --json`; (outcome, report), the report None if there is none."""
    outcome = gpu_common.run([build / "bin" / "fib", "replay", "--json", *options, capture], timeout)
    try:
        report = json.loads(outcome.out)
    except ValueError:
        report = None
    return outcome, report if isinstance(report, dict) else None


VERDICTS = ["exact", "nondeterministic", "mismatch", "effect", "not replayable", "unverified"]


def tally(report):
    """{verdict: launches} of a report, all verdicts there."""
    counts = dict.fromkeys(VERDICTS, 0)
    for launch in report.get("launches", []):
        verdict = launch.get("verdict", "unverified")
        counts[verdict] = counts.get(verdict, 0) + 1
    return counts


def kernel_name(report, launch):
    """The mangled name of a launch's kernel."""
    return report.get("kernels", {}).get(str(launch.get("kernel")), "?")


def causes(report):
    """{"verdict: reason (kernel)": launches} of the launches that are not exact."""
    found = {}
    for launch in report.get("launches", []):
        if launch.get("verdict") == "exact":
            continue
        text = f"{launch.get('verdict')}: {launch.get('reason') or 'no reason given'} " \
               f"({kernel_name(report, launch)[:80]})"
        found[text] = found.get(text, 0) + 1
    return dict(sorted(found.items(), key=lambda item: -item[1])[:12])
