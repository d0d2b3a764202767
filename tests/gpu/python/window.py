# SPDX-License-Identifier: Apache-2.0
"""What the cases of scripts/gpu_replay share: the range that is recorded, and times of its kernels."""

import argparse
import contextlib
import json
import os
import tempfile

import torch

import case

RANGE = "fib-window"


def add_options(parser):
    """Options of every case that has a window."""
    parser.add_argument("--profile", default="", metavar="FILE",
                        help="write the GPU time of each kernel in the window, by torch.profiler")
    parser.add_argument("--windows", type=int, default=1, help="how often the window is run")
    return parser


def parser(description):
    """A parser with only those."""
    return add_options(argparse.ArgumentParser(description=description))


@contextlib.contextmanager
def window():
    """An NVTX range with the GPU idle at both ends. No range without a GPU."""
    if not torch.cuda.is_available():
        yield
        return
    torch.cuda.synchronize()
    torch.cuda.nvtx.range_push(RANGE)
    try:
        yield
        torch.cuda.synchronize()
    finally:
        torch.cuda.nvtx.range_pop()


def run(options, body):
    """Runs body() in the window, options.windows times; with --profile once more under the profiler,
    without a range. What the last body() returned."""
    out = None
    for _ in range(options.windows):
        with window():
            out = body()
    if options.profile:
        out = write_profile(options.profile, body)
    return out


def write_profile(path, body):
    """Kernels of body() in the order in which they started, as [{"name", "ns"}]; what body() returned."""
    activities = [torch.profiler.ProfilerActivity.CUDA, torch.profiler.ProfilerActivity.CPU]
    torch.cuda.synchronize()
    with torch.profiler.profile(activities=activities) as profile:
        out = body()
        torch.cuda.synchronize()
    with tempfile.TemporaryDirectory(prefix="fib-case-") as directory:
        trace = os.path.join(directory, "trace.json")
        profile.export_chrome_trace(trace)
        with open(trace, encoding="utf-8") as file:
            events = json.load(file)["traceEvents"]
    kernels = sorted((e for e in events if e.get("cat") == "kernel"), key=lambda e: float(e["ts"]))
    with open(path, "w", encoding="utf-8") as file:
        json.dump([{"name": e["name"], "ns": round(float(e["dur"]) * 1000)} for e in kernels], file)
    case.path(profile=len(kernels))
    return out
