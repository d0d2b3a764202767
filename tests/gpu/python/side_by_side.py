# SPDX-License-Identifier: Apache-2.0
"""Solutions that both fib and FlashInfer-Bench can run: an RMSNorm and a matrix product in CUDA C++.

Each record holds the kernel, a TVM-FFI binding for FlashInfer-Bench, and a launch block for fib. The kernels that
they replace are in tests/gpu/programs/side_by_side.cu. Also a script: `side_by_side.py DIRECTORY` writes the registry.
"""

import pathlib
import sys

import redirect_registry as norm

CANDIDATES = norm.ROOT / "tests" / "gpu" / "candidates"
AUTHOR, TARGET = norm.AUTHOR, "NVIDIA_H200"
M, N, K = 512, 2048, 2048  # as in side_by_side.cu
GEMM = f"gemm_n{N}_k{K}"
GEMM_REFERENCE = """import torch


def run(A, B):
    return torch.matmul(A, B.T)
"""


def gemm_definition():
    def constant(value):
        return {"type": "const", "value": value, "description": "Values."}

    return {"name": GEMM, "op_type": "gemm", "description": "C = A * B^T.", "tags": ["status:draft"],
            "axes": {"M": {"type": "var", "description": "Rows of A."}, "N": constant(N), "K": constant(K)},
            "inputs": {"A": norm.tensor("M", "K"), "B": norm.tensor("N", "K")},
            "outputs": {"C": norm.tensor("M", "N")}, "reference": GEMM_REFERENCE}


def gemm_binding():
    return {"name": "side_by_side", "definition": GEMM,
            "match": {"kernel": {"name": "side_gemm"},
                      "parameters": [[0, 8], [8, 8], [16, 8], [24, 4], [28, 4]],
                      "conditions": ["block.x == 16", "block.y == 16"]},
            "axes": {"M": "grid.y * 16", "N": "param(3, 0, i32)", "K": "param(4, 0, i32)"},
            "inputs": {"A": "param(1, 0, ptr)", "B": "param(2, 0, ptr)"}, "outputs": {"C": "param(0, 0, ptr)"}}


def norm_binding():
    """As redirect_norm.cu launches it, under another name."""
    binding = norm.binding()
    return {**binding, "name": "side_by_side",
            "match": {**binding["match"], "kernel": {"name": "side_norm"}}}


def solution(name, definition, kernel, launch, change=None):
    """A record for both; `change`: (old, new) text of the kernel's source."""
    source = (CANDIDATES / f"{kernel}.cu").read_text(encoding="utf-8")
    if change is not None:
        if change[0] not in source:
            raise ValueError(f"{kernel}.cu: has no '{change[0]}'")
        source = source.replace(*change)
    binding = (CANDIDATES / f"{kernel}_ffi.cu").read_text(encoding="utf-8")
    return {"name": name, "definition": definition, "author": AUTHOR, "description": "For both judges.",
            "spec": {"language": "cuda", "target_hardware": [TARGET], "binding": "tvm-ffi",
                     "entry_point": f"{kernel}_ffi.cu::{kernel}_run", "destination_passing_style": True,
                     "launch": launch},
            "sources": [{"path": f"{kernel}.cu", "content": source},
                        {"path": f"{kernel}_ffi.cu", "content": binding}]}


def norm_launch():
    launch = norm.launch()
    launch["kernels"][0]["module"] = "rmsnorm_vec.cu"
    return launch


def gemm_launch():
    arguments = [{"type": "ptr", "value": name} for name in ("A", "B", "C")]
    arguments += [{"type": "i32", "value": name} for name in ("N", "K")]
    return {"kernels": [{"entry": "gemm_tiled", "module": "gemm_tiled.cu", "grid": ["N / 64", "M / 64"],
                         "block": [256], "arguments": arguments}],
            "conditions": ["M % 64 == 0"], "tensors": {name: {"alignment": 2, "tail": 2} for name in "ABC"}}


def solutions():
    """A good one and a wrong one of each: both judges should tell them apart."""
    scale = "const float scale = rsqrtf(sum_of_block(sum) / kHidden + epsilon)"
    return [solution("norm_right", norm.DEFINITION, "rmsnorm_vec", norm_launch()),
            solution("norm_wrong", norm.DEFINITION, "rmsnorm_vec", norm_launch(),
                     (scale, scale + " * (blockIdx.x % 100 == 7 ? 1.5f : 1.0f)")),
            solution("gemm_right", GEMM, "gemm_tiled", gemm_launch()),
            solution("gemm_wrong", GEMM, "gemm_tiled", gemm_launch(),
                     ("at < k; at += kDepth", "at < k - kDepth; at += kDepth"))]


def workloads():
    """What FlashInfer-Bench draws inputs for: the shapes of side_by_side.cu."""
    random = {"type": "random"}
    rows = {"uuid": "norm2048", "axes": {"batch_size": norm.ROWS},
            "inputs": {"hidden_states": random, "weight": random, "eps": {"type": "scalar", "value": 1e-5}}}
    product = {"uuid": "gemm512", "axes": {"M": M}, "inputs": {"A": random, "B": random}}
    return [("rmsnorm", norm.DEFINITION, rows), ("gemm", GEMM, product)]


def write_all(root, with_workloads=True):
    norm.write(root, f"definitions/{norm.OP_TYPE}/{norm.DEFINITION}.json", norm.definition())
    norm.write(root, f"bindings/{norm.OP_TYPE}/{norm.DEFINITION}/side_by_side.json", norm_binding())
    norm.write(root, f"definitions/gemm/{GEMM}.json", gemm_definition())
    norm.write(root, f"bindings/gemm/{GEMM}/side_by_side.json", gemm_binding())
    for record in solutions():
        op_type = "gemm" if record["definition"] == GEMM else norm.OP_TYPE
        norm.write(root, f"solutions/{AUTHOR}/{op_type}/{record['definition']}/{record['name']}.json", record)
    for op_type, definition, workload in workloads() if with_workloads else []:
        path = f"workloads/{op_type}/{definition}.jsonl"
        (pathlib.Path(root) / path).unlink(missing_ok=True)
        norm.append(root, path, {"definition": definition, "solution": None, "evaluation": None, "workload": workload})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: side_by_side.py DIRECTORY")
    write_all(sys.argv[1])
