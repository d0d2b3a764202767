# SPDX-License-Identifier: Apache-2.0
"""Live memory as PyTorch holds it: --gb gigabytes of random bytes in tensors, two windows of a few
launches, and between them --changed percent of the memory changes."""

import time

import torch

import case
import window


def pause(counter):
    """Milliseconds that a window of 8 small kernels takes."""
    torch.cuda.synchronize()
    start = time.perf_counter()
    with window.window():
        for _ in range(8):
            counter += 1
    counter += 1
    torch.cuda.synchronize()
    return (time.perf_counter() - start) * 1000


def main():
    parser = window.parser(__doc__)
    parser.add_argument("--gb", type=float, default=0.5)
    parser.add_argument("--changed", type=float, default=10, help="percent")
    options = parser.parse_args()
    chunk = 256 << 20
    if options.gb * 2**30 + 2**30 > torch.cuda.mem_get_info()[0]:
        print("SKIP not enough GPU memory")
        return
    chunks = [torch.randint(0, 2**62, (chunk // 8,), device="cuda") for _ in range(int(options.gb * 4))]
    counter = torch.zeros(1, dtype=torch.long, device="cuda")
    counter += 1  # loads the kernel
    first = pause(counter)
    part = int(chunk / 8 * options.changed / 100) // 8192 * 8192
    for tensor in chunks:
        tensor[:part] = torch.randint(0, 2**62, (part,), device="cuda")
    second = pause(counter)
    case.result("window_memory", first_ms=f"{first:.3f}", second_ms=f"{second:.3f}",
                live_gb=len(chunks) / 4, changed_percent=options.changed, checksum=case.checksum(counter))


if __name__ == "__main__":
    main()
