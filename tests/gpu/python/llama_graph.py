# SPDX-License-Identifier: Apache-2.0
"""Llama, one decode step captured in a CUDA graph over a static cache and replayed for every token."""

import time

import torch

import case
import llama


def capture(decoder):
    """A graph of one step; `decoder` has already run some, as capture needs warm libraries."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        decoder.step()
    return graph


def main():
    options = llama.arguments(__doc__).parse_args()
    model = llama.build(options)
    with torch.no_grad():
        decoder = llama.Decoder(model, options)
        warm_steps = 3
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(warm_steps):
                decoder.step()
        torch.cuda.current_stream().wait_stream(side)
        graph = capture(decoder)  # records only: no token is decoded here
        replays = options.tokens - warm_steps
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(replays):
            graph.replay()
        torch.cuda.synchronize()
        rate = options.batch * replays / (time.perf_counter() - start)
    case.path(capture="torch.cuda.graph")
    case.result("llama_graph", tokens_per_s=f"{rate:.2f}", replays=replays,
                steps=int(decoder.count.item()), checksum=case.checksum(decoder.history))


if __name__ == "__main__":
    main()
