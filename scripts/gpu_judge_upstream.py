# SPDX-License-Identifier: Apache-2.0
"""The same Solutions judged by FlashInfer-Bench from PyPI, for scripts/gpu_judge."""

import pathlib
import shutil
import sys

import gpu_common
from gpu_judge_bench import Registry, about, bench, captured, ours, program, traces
from gpu_registry import require

sys.path.insert(0, str(gpu_common.ROOT / "tests" / "gpu" / "python"))
import side_by_side

TITLE = "Side by side with FlashInfer-Bench"
HEADERS = ["Solution", "fib", "FlashInfer-Bench", "agree", "fib, us", "theirs, us", "fib: seconds", "theirs: seconds"]
NOTES = """One record for both: fib launches the kernel by the launch block, FlashInfer-Bench through a TVM-FFI binding.
fib judges a recorded launch against the kernel that ran there, FlashInfer-Bench random inputs of the same shape against
a torch function. Its times are those between events around a call from Python, L2 flushed, the mean of three trials of
50; ours are of the kernel alone (CUPTI), L2 cold, the median, so that they are shorter by what is between call and
kernel. Seconds are of one Solution (fib: the child process of its trial; theirs: its share of a Benchmark run over the
Solutions of a Definition), without compilation."""
SCRIPT = gpu_common.ROOT / "tests" / "gpu" / "python" / "flashinfer_judge.py"


def environment(options, place):
    """Variables of a Python that has their package; the wheels go into a folder of ours."""
    env = {"FIB_CACHE_PATH": str(place / "their-cache"), "CUDA_VISIBLE_DEVICES": "0"}
    if options.wheels is None:
        return env
    packages = place / "packages"
    if not packages.exists():
        wheels = sorted(pathlib.Path(options.wheels).glob("*.whl"))
        require(wheels, f"no wheels in {options.wheels}")
        outcome = gpu_common.run([sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet",
                                  "--target", packages, *wheels], 120)
        if outcome.code != 0:
            shutil.rmtree(packages, ignore_errors=True)
            require(False, f"the wheels can't be installed: {outcome.last_words()}")
    return {**env, "PYTHONPATH": str(packages)}


def prepare(options, place):
    """Lets FlashInfer-Bench compile the Solutions into its cache; whatever fails shows later."""
    place.mkdir(parents=True, exist_ok=True)
    try:
        side_by_side.write_all(place / "dataset")
        gpu_common.run([sys.executable, SCRIPT, place / "dataset", "--build-only"], 200, environment(options, place))
    except Exception as error:
        print(f"upstream: not prepared: {type(error).__name__}: {error}", flush=True)


def results_of(text):
    """RESULT lines: {case: [values]}."""
    found = {}
    for line in text.splitlines():
        if line.startswith("RESULT "):
            values = dict(word.partition("=")[::2] for word in line.split()[1:])
            found.setdefault(values.get("case"), []).append(values)
    return found


def theirs(options, place):
    """({solution: values}, version, why there is nothing)."""
    outcome = gpu_common.run([sys.executable, SCRIPT, place / "dataset"], 240, environment(options, place))
    found = results_of(outcome.out)
    end = found.get("flashinfer_judge", [{}])[-1]
    if "version" not in end:
        return {}, "", end.get("absent", f"exit code {outcome.code}: {outcome.last_words()}").replace("_", " ")
    return {values["solution"]: values for values in found.get("judge", [])}, end["version"], ""


def row_of(name, trace, other):
    status = trace["evaluation"]["status"] if trace else "-"
    their_status = other.get("status", "-")
    latency = (trace["evaluation"].get("performance") or {}).get("latency_ms") if trace else None
    return [name, status if status == "PASSED" or not trace else f"{status}: {about(trace).get('reason', '')}",
            their_status, "-" if "-" in (status, their_status) else "yes" if status == their_status else "NO",
            f"{1000 * latency:.2f}" if latency else "-",
            f"{1000 * float(other['latency_ms']):.2f}" if "latency_ms" in other else "-",
            f"{about(trace).get('seconds', 0):.1f}" if trace else "-", other.get("seconds", "-")]


def measure(options, place, deadline):
    capture = captured(options.build, place / "capture", [program(options.build, "side_by_side")])
    registry = Registry(options.build, place / "registry")
    side_by_side.write_all(registry.root, with_workloads=False)
    registry.compile()
    outcome = bench(registry, capture)
    require(outcome.code in (0, 1), f"fib bench: {outcome.code}: {outcome.last_words()}")
    found = {trace["solution"]: trace for trace in traces(registry.root)}
    other, version, why = theirs(options, place)
    names = [record["name"] for record in side_by_side.solutions()]
    rows = [row_of(name, found.get(name), other.get(name, {})) for name in names]
    notes = [f"{name}: incumbent {1000 * ours(found[name])['incumbent_latency_ms']:.2f} us, "
             f"{ours(found[name])['verdict']}" for name in names if name in found and ours(found[name])]
    notes += [f"theirs, {values['solution']}: {values['failed'].replace('_', ' ')}" for values in other.values()
              if "failed" in values]
    right = all(name in found and (found[name]["evaluation"]["status"] == "PASSED") == name.endswith("_right")
                for name in names)
    if why:
        return {"rows": rows, "notes": notes, "good": right, "verdict": f"FlashInfer-Bench did not run: {why}"}
    agree = sum(row[3] == "yes" for row in rows)
    return {"rows": rows, "notes": notes, "good": right and agree == len(rows),
            "verdict": f"flashinfer-bench {version}: {agree} of {len(rows)} verdicts agree"}
