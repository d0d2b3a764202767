# SPDX-License-Identifier: Apache-2.0
"""What one call of FlashInfer-Bench's apply() costs on a hit and on a miss, beside the function called directly.

The dataset is ours (redirect_registry.py) with a Solution that does nothing, so that only the dispatch is timed.
Prints one RESULT line in nanoseconds; without the package it says why there are none.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time

import redirect_registry as registry

PYTHON_SOLUTION = "rmsnorm_python"


def nothing(hidden_states, weight, eps):
    """In place of a kernel: the Solution and the fallback do the same."""
    return hidden_states


def dataset(root):
    """One Definition, one Solution in Python, measured for one number of rows."""
    registry.write_definition(root)
    source = "def run(hidden_states, weight, eps):\n    return hidden_states\n"
    record = {"name": PYTHON_SOLUTION, "definition": registry.DEFINITION, "author": registry.AUTHOR,
              "spec": {"language": "python", "target_hardware": ["NVIDIA_H200"], "entry_point": "main.py::run",
                       "destination_passing_style": False},
              "sources": [{"path": "main.py", "content": source}]}
    registry.write(root, f"solutions/{registry.AUTHOR}/{registry.OP_TYPE}/{registry.DEFINITION}/"
                         f"{PYTHON_SOLUTION}.json", record)
    registry.write_result(root, PYTHON_SOLUTION, "NVIDIA H200", 0.01, 0.02, 1.9, 0.0)


def time_of(call, calls, rounds=15):
    """Nanoseconds per call: the median over the rounds."""
    for _ in range(calls // 4):
        call()
    samples = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        for _ in range(calls):
            call()
        samples.append((time.perf_counter_ns() - start) / calls)
    return statistics.median(samples)


def give_up(why):
    """The row says so; this is no failure of ours."""
    print(f"RESULT case=flashinfer_apply_cost absent={'_'.join(why.split())[:150]}", flush=True)
    sys.exit(0)


def measure(options, root):
    """The RESULT line."""
    import torch
    from flashinfer_bench import apply, disable_apply, enable_apply

    device = options.device
    hit = torch.zeros(registry.ROWS, registry.HIDDEN, dtype=torch.bfloat16, device=device)
    miss, weight = hit[:100], hit[0]
    seen = []

    def noted(*arguments):
        seen.append(1)
        return arguments[0]

    def through(rows, fallback):
        return apply(registry.DEFINITION, args=(rows, weight, 1e-5), fallback=fallback)

    enable_apply(root)
    try:
        through(hit, noted)
        if seen:
            give_up("apply() misses what its dataset holds")
        through(miss, noted)
        if not seen:
            give_up("apply() hits what its dataset does not hold")
        numbers = {"direct": time_of(lambda: nothing(hit, weight, 1e-5), options.calls),
                   "hit": time_of(lambda: through(hit, nothing), options.calls),
                   "miss": time_of(lambda: through(miss, nothing), options.calls)}
    finally:
        disable_apply()
    version = installed_version()
    print("RESULT case=flashinfer_apply_cost " + " ".join(f"{key}_ns={value:.1f}" for key, value in numbers.items())
          + f" calls={options.calls} version={version} torch={torch.__version__} python={sys.version.split()[0]}",
          flush=True)


def installed_version():
    import importlib.metadata

    try:
        return importlib.metadata.version("flashinfer-bench")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fib-apply-cost-") as directory:
        root = os.path.join(directory, "dataset")
        os.environ["FIB_CACHE_PATH"] = os.path.join(directory, "cache")
        os.environ["FIB_DATASET_PATH"] = root
        dataset(root)
        try:
            measure(options, root)
        except Exception as error:  # whatever their version does, the other rows do not depend on it
            give_up(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
