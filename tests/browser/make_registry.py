#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a registry with results to draw a report from. All numbers are made up: the GPU is called
"SYNTHETIC GPU", and nothing here was measured.

Usage: make_registry.py DIRECTORY [--baseline] [--hostile]
--baseline: Solutions of an author "baseline", which FlashInfer-Bench ranks against.
--hostile: texts that try to break out of a page.
"""

import argparse
import json
import math
import pathlib
import random

GPU = "SYNTHETIC GPU"
NOTE = "Synthetic: made up for tests, not measured."
HOSTILE = ("</script><script>window.broken=1</script>", "<img src=x onerror=window.broken=1>",
           "a&b<c>d\"e'f", "`$(touch broken)`; 'quoted'")

# Definition: (op_type, constant width, incumbent, its time for one row in ms, rows -> runs)
DEFINITIONS = {
    "rmsnorm_h4096": ("rmsnorm", 4096, "_ZN2at6native28vectorized_layer_norm_kernelIffEEvPKT_PT0_",
                      0.0021, {1: 64000, 32: 12800, 128: 640, 2048: 96}),
    "topk_softmax_v128256": ("sampling", 128256, "_ZN2at6native6mbtopk10gatherTopKIfjEEvPKfPf",
                             0.031, {1: 1000, 32: 200}),
    "copy_kv_d128": ("copy", 128, "_ZN2at6native18elementwise_kernelILi128ELi4EEEvi", 0.0034,
                     {1: 32000, 32: 6400, 64: 1280}),
}
# Solution: (author, Definition, speedup, relative half width of the interval, rows that fail)
SOLUTIONS = {
    "norm_vector8": ("ada", "rmsnorm_h4096", 1.42, 0.006, ()),
    "norm_two_pass": ("ada", "rmsnorm_h4096", 0.83, 0.01, ()),
    "norm_copy_of_incumbent": ("fibshim", "rmsnorm_h4096", 1.001, 0.008, ()),
    "norm_fp16_accumulate": ("bob", "rmsnorm_h4096", 1.9, 0.02, (128, 2048)),
    "topk_radix": ("ada", "topk_softmax_v128256", 3.7, 0.03, ()),
    "topk_heap": ("bob", "topk_softmax_v128256", 1.06, 0.05, ()),
    "kv_broadcast_copy": ("cleo", "copy_kv_d128", 3.1, 0.012, ()),
    "kv_wide": ("cleo", "copy_kv_d128", 1.3, 0.02, (64,)),
}


def write(root, name, value):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=2) + "\n")


def definition(name, op_type, width):
    return {"name": name, "op_type": op_type, "description": NOTE,
            "axes": {"rows": {"type": "var", "description": "Rows."},
                     "width": {"type": "const", "value": width, "description": "Width."}},
            "inputs": {"x": {"shape": ["rows", "width"], "dtype": "bfloat16", "description": "x."}},
            "outputs": {"y": {"shape": ["rows", "width"], "dtype": "bfloat16", "description": "y."}},
            "reference": "def run(x):\n    return x\n"}


def solution(name, author, of):
    return {"name": name, "definition": of, "author": author, "description": NOTE,
            "spec": {"language": "cuda", "target_hardware": ["SYNTHETIC"], "entry_point": "a.cu::run",
                     "destination_passing_style": True},
            "sources": [{"path": "a.cu", "content": f"// {name}\nvoid run() {{}}\n"}]}


def workload(name, rows, runs, kernel, incumbent):
    return {"uuid": f"{name}-rows{rows}", "axes": {"rows": rows},
            "inputs": {"x": {"type": "random"}},
            "fibshim": {"weight": runs, "capture": "synthetic-capture", "case": f"{name}-{rows}",
                        "kernel": kernel, "replayed_ms": incumbent * 1.01}}


def verdict(low, high):
    return "faster" if low > 1.01 else "slower" if high < 0.99 else "no clear difference"


def mode(incumbent, latency, half):
    ratio = incumbent / latency
    low, high = ratio * (1 - half), ratio * (1 + half)
    return {"incumbent_ns": incumbent * 1e6, "candidate_ns": latency * 1e6, "ratio": ratio, "low": low,
            "high": high, "confidence": 0.95, "pairs": 80, "dropped": 1,
            "verdict": verdict(low, high)}


def checks(failed, rows):
    names = ["recorded inputs", "poison A", "poison B", "fresh inputs 1", "after timing"]
    return [{"name": n, "passed": not (failed and n == "fresh inputs 1"),
             "detail": f"{rows} of {rows * 64} elements differ" if failed and n == "fresh inputs 1"
             else ""} for n in names]


def passed(incumbent, latency, half, rows):
    cold = mode(incumbent, latency, half)
    return {"correctness": {"max_relative_error": 2e-3, "max_absolute_error": 4e-3,
                            "extra": {"fibshim": {"matched_ratio": 1.0, "checks": checks(False, rows),
                                                  "incumbent_deterministic": True}}},
            "performance": {"latency_ms": latency, "reference_latency_ms": incumbent,
                            "speedup_factor": incumbent / latency,
                            "fibshim": {"incumbent_latency_ms": incumbent,
                                        "speedup_low": cold["low"], "speedup_high": cold["high"],
                                        "confidence": 0.95, "verdict": cold["verdict"],
                                        "source": "CUPTI", "l2": "cold", "pairs": 80, "dropped": 1,
                                        "modes": {"cold": cold,
                                                  "warm": mode(incumbent * .8, latency * .8, half)}}}}


def wrong(rows):
    return {"correctness": {"max_relative_error": 0.7, "max_absolute_error": 1.25,
                            "extra": {"fibshim": {
                                "matched_ratio": 0.93, "checks": checks(True, rows),
                                "first_wrong": {"output": "y", "index": [rows - 1, 17],
                                                "expected": 1.5, "got": "NaN"},
                                "incumbent_deterministic": True}}}}


def evaluation(status, body, reason="", detail=""):
    return {"status": status, "timestamp": "2026-01-02T03:04:05", "log": "synthetic log\n",
            "environment": {"hardware": GPU, "libs": {"cuda": "13.0"}}, **body,
            "fibshim": {"reason": reason, "detail": detail, "gpu_uuid": "GPU-SYNTHETIC",
                        "driver": "0.0", "seconds": 1.5,
                        "clocks": {"sm_mhz_min": 1, "sm_mhz_max": 1, "throttled": ""}}}


def result(rng, name, rows):
    _, of, speedup, half, failing = SOLUTIONS[name]
    _, width, kernel, one_row, runs = DEFINITIONS[of]
    incumbent = one_row * (1 + 0.02 * math.sqrt(rows)) * (1 + rows * width / 4e7)
    if rows in failing:
        body = evaluation("INCORRECT_NUMERICAL", wrong(rows), "wrong with fresh inputs",
                          "right for the recorded inputs only")
    else:
        latency = incumbent / (speedup * (1 + rng.uniform(-0.08, 0.08) * (speedup > 1.01)))
        body = evaluation("PASSED", passed(incumbent, latency, half, rows))
    return {"definition": of, "workload": workload(of, rows, runs[rows], kernel, incumbent),
            "solution": name, "evaluation": body}


def hostile(root):
    """Every text that a report shows, as somebody would write it who means harm."""
    rng = random.Random(1)
    one = result(rng, "norm_vector8", 1)
    one["workload"]["uuid"] = HOSTILE[0]
    one["workload"]["fibshim"]["kernel"] = HOSTILE[0]
    one["workload"]["fibshim"]["capture"] = HOSTILE[3]
    one["evaluation"]["environment"]["hardware"] = HOSTILE[1]
    one["evaluation"]["timestamp"] = HOSTILE[0]
    one["evaluation"]["performance"]["fibshim"]["source"] = HOSTILE[2]
    two = result(rng, "norm_fp16_accumulate", 128)
    two["solution"] = HOSTILE[0]
    two["evaluation"]["fibshim"].update(reason=HOSTILE[1], detail=HOSTILE[2])
    two["evaluation"]["log"] = HOSTILE[0] + "\u202e\u0007 <!-- "
    extra = two["evaluation"]["correctness"]["extra"]["fibshim"]
    extra["first_wrong"]["output"] = HOSTILE[1]
    extra["checks"] = [{"name": HOSTILE[0], "passed": False, "detail": HOSTILE[1]}]
    write(root, "solutions/x/rmsnorm/rmsnorm_h4096/x.json",
          solution(HOSTILE[0], HOSTILE[1], "rmsnorm_h4096"))
    write(root, "traces/x/rmsnorm/rmsnorm_h4096.jsonl", "".join(json.dumps(t) + "\n" for t in (one, two)))


def add_baseline():
    for name in DEFINITIONS:
        SOLUTIONS[f"base_{name}"] = ("baseline", name, 0.6, 0.01, ())


def make(root):
    rng = random.Random(7)
    for name, (op_type, width, *_) in DEFINITIONS.items():
        write(root, f"definitions/{op_type}/{name}.json", definition(name, op_type, width))
    lines = {}
    for name, (author, of, *_) in SOLUTIONS.items():
        op_type, runs = DEFINITIONS[of][0], DEFINITIONS[of][4]
        write(root, f"solutions/{author}/{op_type}/{of}/{name}.json", solution(name, author, of))
        for rows in runs:
            lines.setdefault(f"traces/{author}/{op_type}/{of}.jsonl", []).append(
                json.dumps(result(rng, name, rows)) + "\n")
    for file, texts in lines.items():
        write(root, file, "".join(texts))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--baseline", action="store_true")
    parser.add_argument("--hostile", action="store_true")
    options = parser.parse_args()
    if options.baseline:
        add_baseline()
    make(options.directory)
    if options.hostile:
        hostile(options.directory)


if __name__ == "__main__":
    main()
