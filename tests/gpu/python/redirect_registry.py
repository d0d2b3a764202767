# SPDX-License-Identifier: Apache-2.0
"""The registry of tests/gpu/programs/redirect_norm.cu: an RMSNorm, how the program launches it, and Solutions.

Also a script: `redirect_registry.py DIRECTORY` writes it there. Needs no package.
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
HIDDEN, ROWS = 4096, 2048  # as in redirect_norm.cu
DEFINITION, OP_TYPE, AUTHOR = "rmsnorm_h4096", "rmsnorm", "tests"
KERNEL = "_Z12rmsnorm_rowsP13__nv_bfloat16PKS_S2_fi"  # rmsnorm_rows(out, in, weight, epsilon, hidden)
SOURCE = ROOT / "tests" / "gpu" / "candidates" / "rmsnorm_vec.cu"
BETTER, WRONG = "rmsnorm_vec", "rmsnorm_wrong"
REFERENCE = '''import torch


def run(hidden_states, weight, eps):
    x = hidden_states.float()
    scale = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
    return (x * scale * weight.float()).to(torch.bfloat16)
'''


def tensor(*shape):
    return {"shape": list(shape), "dtype": "bfloat16", "description": "Values in rows."}


def definition():
    return {"name": DEFINITION, "op_type": OP_TYPE, "description": "Root mean square normalization of rows.",
            "tags": ["status:draft"],
            "axes": {"batch_size": {"type": "var", "description": "Rows."},
                     "hidden_size": {"type": "const", "value": HIDDEN, "description": "Values of a row."}},
            "inputs": {"hidden_states": tensor("batch_size", "hidden_size"), "weight": tensor("hidden_size"),
                       "eps": {"shape": None, "dtype": "float32", "description": "Keeps the root above zero."}},
            "outputs": {"output": tensor("batch_size", "hidden_size")},
            "constraints": ["batch_size > 0"], "reference": REFERENCE}


def binding():
    """How redirect_norm.cu launches it: a block per row."""
    return {"name": "redirect_norm", "definition": DEFINITION,
            "match": {"kernel": {"name": KERNEL}, "parameters": [[0, 8], [8, 8], [16, 8], [24, 4], [28, 4]],
                      "conditions": ["block.x == 256", "grid.y == 1", "grid.z == 1"]},
            "axes": {"batch_size": "grid.x", "hidden_size": "param(4, 0, i32)"},
            "inputs": {"hidden_states": "param(1, 0, ptr)", "weight": "param(2, 0, ptr)",
                       "eps": "param(3, 0, f32)"},
            "outputs": {"output": "param(0, 0, ptr)"}}


def launch():
    """A block of 512 threads per row, 16 bytes each."""
    values = [("ptr", "hidden_states"), ("ptr", "weight"), ("ptr", "output"), ("f32", "eps")]
    return {"kernels": [{"entry": "rmsnorm_vec", "grid": ["batch_size"], "block": [HIDDEN // 8],
                         "arguments": [{"type": kind, "value": name} for kind, name in values]}]}


def solution(name, source, target="NVIDIA_H200"):
    return {"name": name, "definition": DEFINITION, "author": AUTHOR,
            "description": "A row per block, 16 bytes per thread, read once.",
            "spec": {"language": "cuda", "target_hardware": [target], "entry_point": "norm.cu::rmsnorm_vec",
                     "launch": launch()},
            "sources": [{"path": "norm.cu", "content": source}]}


def write(root, path, record):
    path = pathlib.Path(root) / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def append(root, path, record):
    path = pathlib.Path(root) / path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as out:
        out.write(json.dumps(record) + "\n")


def workload():
    random = {"type": "random"}
    return {"definition": DEFINITION, "solution": None, "evaluation": None,
            "workload": {"uuid": "rows2048", "axes": {"batch_size": ROWS},
                         "inputs": {"hidden_states": random, "weight": random,
                                    "eps": {"type": "scalar", "value": 1e-5}}}}


def write_definition(root):
    write(root, f"definitions/{OP_TYPE}/{DEFINITION}.json", definition())
    write(root, f"bindings/{OP_TYPE}/{DEFINITION}/redirect_norm.json", binding())
    if not (pathlib.Path(root) / f"workloads/{OP_TYPE}/{DEFINITION}.jsonl").exists():
        append(root, f"workloads/{OP_TYPE}/{DEFINITION}.jsonl", workload())


def write_solution(root, name):
    source = SOURCE.read_text(encoding="utf-8")
    if name == WRONG:  # one row in a hundred is off by half
        scale = "const float scale = rsqrtf(sum_of_block(sum) / kHidden + epsilon)"
        if scale not in source:
            raise ValueError(f"{SOURCE}: cannot be made wrong")
        source = source.replace(scale, scale + " * (blockIdx.x % 100 == 7 ? 1.5f : 1.0f)")
    write(root, f"solutions/{AUTHOR}/{OP_TYPE}/{DEFINITION}/{name}.json", solution(name, source))


def write_policy(root, **members):
    write(root, "bindings/policies.json", {"per_definition": {DEFINITION: members}})


def write_result(root, name, hardware, latency_ms, incumbent_ms, speedup_low, error):
    """A Trace: what was measured of a Solution."""
    performance = {"latency_ms": latency_ms, "reference_latency_ms": incumbent_ms,
                   "speedup_factor": incumbent_ms / latency_ms,
                   "fibshim": {"incumbent_latency_ms": incumbent_ms, "speedup_low": speedup_low, "confidence": 0.95}}
    evaluation = {"status": "PASSED", "timestamp": "2026-01-01T00:00:00", "log": "",
                  "environment": {"hardware": hardware, "libs": {"cuda": "13.0"}},
                  "correctness": {"max_relative_error": error, "max_absolute_error": error},
                  "performance": performance}
    append(root, f"traces/{AUTHOR}/{OP_TYPE}/{DEFINITION}.jsonl",
           {**workload(), "solution": name, "evaluation": evaluation})


def write_all(root, name=BETTER, pinned=True):
    """The whole registry with one Solution."""
    write_definition(root)
    write_solution(root, name)
    if pinned:
        write_policy(root, pin=name)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: redirect_registry.py DIRECTORY")
    write_all(sys.argv[1])
