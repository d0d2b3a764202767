# SPDX-License-Identifier: Apache-2.0
"""What FlashInfer-Bench says of the Solutions of side_by_side.py: one RESULT line for each.

Runs its Benchmark with its own defaults and writes nothing into the dataset. `--build-only` compiles the Solutions
into its cache ($FIB_CACHE_PATH) and ends. Without the package it says why there is nothing.
"""

import argparse
import importlib.metadata
import sys
import time


def give_up(why):
    print(f"RESULT case=flashinfer_judge absent={'_'.join(str(why).split())[:200]}", flush=True)
    sys.exit(0)


def build(trace_set):
    """Compiles every Solution; seconds by name, or what went wrong."""
    from flashinfer_bench.compile import BuilderRegistry

    for definition, solutions in trace_set.solutions.items():
        for solution in solutions:
            start = time.monotonic()
            try:
                BuilderRegistry.get_instance().build(trace_set.definitions[definition], solution)
                failed = ""
            except Exception as error:  # the others are still worth a try
                failed = f" failed={'_'.join(str(error).split())[:300]}"
            print(f"RESULT case=build solution={solution.name} seconds={time.monotonic() - start:.1f}{failed}",
                  flush=True)


def judge(root, definition, names):
    """The Solutions of a Definition, by one Benchmark; each gets its share of the seconds."""
    from flashinfer_bench.bench import Benchmark, BenchmarkConfig
    from flashinfer_bench.data import TraceSet

    start = time.monotonic()
    benchmark = Benchmark(TraceSet.from_path(root), BenchmarkConfig(definitions=[definition], solutions=names))
    try:
        traces = benchmark.run_all(dump_traces=False).traces.get(definition, [])
    finally:
        benchmark.close()
    seconds = (time.monotonic() - start) / len(names)
    for trace in traces:
        evaluation = trace.evaluation
        words = [f"status={evaluation.status.value}", f"seconds={seconds:.1f}"]
        if evaluation.performance is not None:
            words += [f"latency_ms={evaluation.performance.latency_ms:.6f}",
                      f"reference_ms={evaluation.performance.reference_latency_ms:.6f}"]
        print(f"RESULT case=judge solution={trace.solution} {' '.join(words)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset")
    parser.add_argument("--build-only", action="store_true")
    options = parser.parse_args()
    try:
        from flashinfer_bench.data import TraceSet

        trace_set = TraceSet.from_path(options.dataset)
        version = importlib.metadata.version("flashinfer-bench")
    except Exception as error:
        give_up(f"{type(error).__name__}: {error}")
    build(trace_set)
    if not options.build_only:
        for definition, solutions in trace_set.solutions.items():
            names = [solution.name for solution in solutions]
            try:
                judge(options.dataset, definition, names)
            except Exception as error:
                for name in names:
                    print(f"RESULT case=judge solution={name} status=none "
                          f"failed={'_'.join(str(error).split())[:200]}", flush=True)
    print(f"RESULT case=flashinfer_judge version={version}", flush=True)


if __name__ == "__main__":
    main()
