#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is the starter registry's attention PyTorch's memory-efficient one, to the bit?

usage: attention_exact.py FIB

FIB (build/bin/fib) compiles the Solution as a deployment would; its kernel and PyTorch's get the same inputs: several
shapes, masks that hide keys on the left, on the right, here and there, or all of them, large and small scores, random
bit patterns, infinities, NaN and denormals. The last line says in how many cases all bits are the same.
Exit code 0: in all; 1: not; 77: no GPU, PyTorch or CuPy here.
"""

import pathlib
import subprocess
import sys
import tempfile

try:
    import cupy
    import torch
    import torch.nn.functional as F
    from torch.nn.attention import SDPBackend, sdpa_kernel
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[3]
SOLUTION, ENTRY = "attention_one_query_bf16_d128_streams", "attend_one_query"
THREADS, SHARED_BYTES = 128, 66944  # as its launch block has them
SIZE = 128  # of a head
SHAPES = [(1, 32, 2048), (3, 8, 128), (2, 4, 256), (4, 8, 640), (5, 7, 4096), (32, 32, 2048)]  # batch, heads, keys
INFINITY, NAN = float("inf"), float("nan")
LOWEST = torch.finfo(torch.bfloat16).min


def deployed_kernel(fib):
    """The Solution's kernel, compiled by fib."""
    with tempfile.TemporaryDirectory() as cache:
        subprocess.run([fib, "registry", "build", ROOT / "starter", "--solution", SOLUTION, "--arch", "native",
                        "--cache", cache], check=True, stdout=subprocess.DEVNULL)
        (cubin,) = pathlib.Path(cache).rglob("*.cubin")
        kernel = cupy.RawModule(path=str(cubin)).get_function(ENTRY)
    kernel.max_dynamic_shared_size_bytes = SHARED_BYTES
    return kernel


def ours(kernel, q, k, v, mask, scale):
    """The same tensors through the Solution."""
    batch, heads, keys = k.shape[:3]
    out = torch.full_like(q, 9)
    with cupy.cuda.ExternalStream(torch.cuda.current_stream().cuda_stream):
        kernel((heads, batch), (THREADS,), (*(t.data_ptr() for t in (q, k, v, mask, out)), cupy.int32(keys),
                                            cupy.float32(scale)), shared_mem=SHARED_BYTES)
    return out


def theirs(q, k, v, mask, scale):
    """By PyTorch, whose mask has a row for each head."""
    batch, heads, keys = k.shape[:3]
    with sdpa_kernel(SDPBackend.EFFICIENT_ATTENTION):
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask.expand(batch, heads, 1, keys), scale=scale)
    return out.contiguous()


def bits(*shape, low=-32768, high=32768):
    return torch.randint(low, high, shape, device="cuda", dtype=torch.int16).view(torch.bfloat16)


def normal(*shape):
    return torch.randn(*shape, device="cuda").to(torch.bfloat16)


def masks(batch, keys):
    """Name -> what is added to the scores of each sequence."""
    position = torch.arange(keys, device="cuda").expand(batch, 1, 1, keys)
    sequence = torch.arange(batch, device="cuda").reshape(batch, 1, 1, 1)

    def where(hidden, value=-INFINITY):
        return torch.where(hidden, value, 0.0).to(torch.bfloat16)

    return {
        "none": where(position < 0), "left": where(position < 200), "all": where(position >= 0),
        "right": where(position >= 37 * sequence % keys), "left of each": where(position < 61 * sequence % keys),
        "here and there": where(torch.rand(batch, 1, 1, keys, device="cuda") < 0.5),
        "lowest": where(position >= 100, LOWEST), "all lowest": where(position >= 0, LOWEST),
        "infinity": where(position == 5, INFINITY), "numbers": normal(batch, 1, 1, keys),
        "bits": bits(batch, 1, 1, keys)}


def with_value(tensor, key, value):
    """The tensor with one element of this key's row changed in each head."""
    tensor[:, :, key, 3] = value
    return tensor


def cases(batch, heads, keys):
    """(name, q, k, v, mask, scale)"""
    query, row = (batch, heads, 1, SIZE), (batch, heads, keys, SIZE)
    for name, mask in masks(batch, keys).items():
        for spread in (0.3, 1.0, 8.0):
            yield f"mask {name}, {spread}", normal(*query) * spread, normal(*row) * spread, normal(*row), mask, SIZE**-0.5
    open_mask = masks(batch, keys)["none"]
    half = open_mask.clone()
    half[..., keys // 2:] = -INFINITY
    yield "bits in k", normal(*query), bits(*row), normal(*row), open_mask, 0.1
    yield "bits in v", normal(*query), normal(*row), bits(*row), open_mask, 0.1
    yield "bits in q", bits(*query), normal(*row), normal(*row), open_mask, 1.0
    yield "NaN in k", normal(*query), with_value(normal(*row), keys // 2, NAN), normal(*row), open_mask, 0.1
    yield "infinity in k", normal(*query), with_value(normal(*row), 1, INFINITY), normal(*row), open_mask, 0.1
    yield "infinity in v", normal(*query), normal(*row), with_value(normal(*row), 2, INFINITY), open_mask, 0.1
    yield "hidden NaN in v", normal(*query), normal(*row), with_value(normal(*row), keys // 2 + 3, NAN), half, 0.1
    tiny = bits(*row, low=0, high=128)
    yield "denormals", tiny[:, :, :1].contiguous(), tiny, tiny, open_mask, 1.0


def differing(kernel, tensors):
    """How many elements have other bits."""
    return int((ours(kernel, *tensors).view(torch.int16) != theirs(*tensors).view(torch.int16)).sum())


def main():
    if not torch.cuda.is_available():
        print("skipped: no GPU here")
        return 77
    torch.manual_seed(1)
    kernel, exact, total = deployed_kernel(sys.argv[1]), 0, 0
    for shape in SHAPES:
        for name, *tensors in cases(*shape):
            wrong = differing(kernel, tensors)
            total, exact = total + 1, exact + (wrong == 0)
            if wrong:
                print(f"{shape} {name}: {wrong} elements differ")
    print(f"RESULT case=attention_exact exact={exact} of={total}")
    return 0 if exact == total else 1


if __name__ == "__main__":
    sys.exit(main())
