# SPDX-License-Identifier: Apache-2.0
"""Triton: plain kernels, tl.dot, an autotuned kernel, launch attributes (cooperative, dependent), a graph."""

import case

case.private_caches()  # before triton reads the environment

import torch
import triton
import triton.language as tl


@triton.jit
def add_kernel(x, y, out, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    tl.store(out + offsets, tl.load(x + offsets, mask) + tl.load(y + offsets, mask), mask)


@triton.jit
def softmax_kernel(x, out, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0) * columns
    offsets = tl.arange(0, BLOCK)
    value = tl.load(x + row + offsets, offsets < columns, other=-float("inf"))
    value = tl.exp(value - tl.max(value, 0))
    tl.store(out + row + offsets, value / tl.sum(value, 0), offsets < columns)


@triton.jit
def matmul_kernel(a, b, c, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    columns = tl.program_id(1) * BN + tl.arange(0, BN)
    sums = tl.zeros((BM, BN), dtype=tl.float32)
    for start in range(0, K, BK):
        inner = start + tl.arange(0, BK)
        left = tl.load(a + rows[:, None] * K + inner[None, :])
        sums = tl.dot(left, tl.load(b + inner[:, None] * N + columns[None, :]), sums)
    tl.store(c + rows[:, None] * N + columns[None, :], sums.to(tl.bfloat16))


@triton.autotune([triton.Config({"BLOCK": 256}), triton.Config({"BLOCK": 1024})], key=["n"])
@triton.jit
def scale_kernel(x, out, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + offsets, tl.load(x + offsets, offsets < n) * 3, offsets < n)


N = 1 << 16


def random(*shape, dtype=torch.float32):
    return torch.randn(*shape, device="cuda", dtype=dtype)


def plain():
    x, y = random(N), random(N)
    out = torch.empty_like(x)
    for _ in range(20):
        add_kernel[(triton.cdiv(N, 1024),)](x, y, out, N, BLOCK=1024)
    assert torch.equal(out, x + y)
    return [out]


def softmax():
    x = random(256, 1000)
    out = torch.empty_like(x)
    softmax_kernel[(256,)](x, out, 1000, BLOCK=1024)
    torch.testing.assert_close(out, torch.softmax(x, 1))
    return [out]


def matmul():
    a, b = random(512, 256, dtype=torch.bfloat16), random(256, 512, dtype=torch.bfloat16)
    c = torch.empty((512, 512), device="cuda", dtype=torch.bfloat16)
    for warps in (4, 8):
        matmul_kernel[(4, 4)](a, b, c, 512, 256, BM=128, BN=128, BK=64, num_warps=warps)
    torch.testing.assert_close(c, a @ b, rtol=2e-2, atol=2e-1)
    return [c]


def autotuned():
    x = random(N)
    out = torch.empty_like(x)
    for _ in range(3):
        scale_kernel[lambda meta: (triton.cdiv(N, meta["BLOCK"]),)](x, out, N)
    assert torch.equal(out, x * 3)
    return [out]


def launch_attributes():
    x, y = random(4096), random(4096)
    out = torch.empty_like(x)
    for option in ("launch_cooperative_grid", "launch_pdl"):
        try:
            add_kernel[(4,)](x, y, out, 4096, BLOCK=1024, **{option: True})
            case.path(**{option: "accepted"})
        except (KeyError, TypeError) as error:  # the option came with Triton 3.3
            case.path(**{option: "not_known"})
            print(error, flush=True)
    return [out]


def in_a_graph():
    x, y = random(N), random(N)
    out = torch.zeros_like(x)
    add_kernel[(64,)](x, y, out, N, BLOCK=1024)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        add_kernel[(64,)](x, out, out, N, BLOCK=1024)
    for _ in range(10):
        graph.replay()
    return [out]


def main():
    torch.manual_seed(0)
    case.path(triton=triton.__version__, torch=torch.__version__)
    steps = case.Steps()
    for step in (plain, softmax, matmul, autotuned, launch_attributes, in_a_graph):
        steps.run(step)
    torch.cuda.synchronize()
    steps.finish("triton_kernels")


if __name__ == "__main__":
    main()
