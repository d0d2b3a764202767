# SPDX-License-Identifier: Apache-2.0
"""What gpu_audit and gpu_replay run: the programs that the build made, and the Python cases."""

import dataclasses
import os
import sys

from gpu_common import ROOT

# Time-outs in seconds; the cases take far less.
PYTHON_CASES = {
    "llama_eager": (["llama_eager.py"], 120),
    "llama_graph": (["llama_graph.py"], 120),
    "llama_compile": (["llama_compile.py"], 240),
    "llama_compile_graphs": (["llama_compile.py", "--graphs"], 240),
    "triton_kernels": (["triton_kernels.py"], 150),
    "cupy_kernels": (["cupy_kernels.py"], 150),
    "libs": (["libs.py"], 120),
    "mp_fork": (["mp_fork.py"], 120),
    "mp_spawn": (["mp_spawn.py"], 120),
    "torch_two_gpus": (["two_gpus.py"], 180),
}
PROGRAM_TIMEOUT = 60
# Cases with a window: script, time-out, what to record of it. The range is the one of
# tests/gpu/python/window.py; the others run as they are, from their first launch on.
RANGE = "at-range=fib-window"
WINDOW_CASES = {
    "window_llama_eager": (["window_llama.py"], 120, RANGE),
    "window_llama_compile": (["window_llama.py", "--mode", "compile"], 180, RANGE),
    "window_llama_graph": (["window_llama.py", "--mode", "graph"], 120, RANGE),
    "window_moe": (["window_moe.py"], 120, RANGE),
    "window_vision": (["window_vision.py"], 150, RANGE),
    "libs": (["libs.py"], 150, "at-launch=1"),
    "triton_kernels": (["triton_kernels.py"], 150, "at-launch=1,launches=2000"),
    "cupy_kernels": (["cupy_kernels.py"], 150, "at-launch=1,launches=2000"),
}
WINDOW_PROGRAMS = ["basic", "cluster", "cooperative", "graph_capture", "graph_driver", "graph_runtime",
                   "grouped_gemm", "host_functions", "large_params", "library_load", "memory_kinds", "pdl",
                   "per_thread_stream", "threads", "tma"]
GRAPHS_ONLY = {"graph_driver": "at-graph-launch=1", "graph_runtime": "at-graph-launch=1"}
# Programs with this in their name do what no log of calls can count; the audit has to say so.
UNCOUNTABLE = "uncountable"


@dataclasses.dataclass
class Case:
    """One command to audit."""

    name: str
    command: list
    timeout: float
    is_python: bool
    window: str = ""  # what `fib record --window` is told

    @property
    def uncountable(self):
        return UNCOUNTABLE in self.name


def programs(build):
    """The GPU programs of a build directory."""
    folder = build / "tests" / "gpu" / "programs"
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [Case(path.name, [path], PROGRAM_TIMEOUT, False) for path in found
            if path.is_file() and not path.suffix and os.access(path, os.X_OK)]


def python_cases():
    """The Python cases; they run under the interpreter that runs this script."""
    folder = ROOT / "tests" / "gpu" / "python"
    return [Case(name, [sys.executable, folder / script[0], *script[1:]], timeout, True)
            for name, (script, timeout) in PYTHON_CASES.items()]


def all_cases(build):
    """Slow ones first, so that the last ones to end are short."""
    return sorted(python_cases(), key=lambda case: -case.timeout) + programs(build)


def window_cases(build):
    """The cases of gpu_replay, slow ones first."""
    folder = ROOT / "tests" / "gpu" / "python"
    cases = [Case(name, [sys.executable, folder / script[0], *script[1:]], timeout, True, window)
             for name, (script, timeout, window) in WINDOW_CASES.items()]
    small = [dataclasses.replace(case, window=f"{GRAPHS_ONLY.get(case.name, 'at-launch=1')},launches=2000")
             for case in programs(build) if case.name in WINDOW_PROGRAMS]
    return sorted(cases, key=lambda case: -case.timeout) + small
