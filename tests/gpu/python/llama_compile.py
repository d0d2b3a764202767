# SPDX-License-Identifier: Apache-2.0
"""Llama, decode step through torch.compile: Inductor, Triton, compile workers. --graphs adds CUDA graphs."""

import case

case.private_caches()  # before torch reads the environment

import torch

import llama


def main():
    parser = llama.arguments(__doc__, layers=2, hidden=1024)
    parser.add_argument("--graphs", action="store_true", help="mode reduce-overhead: CUDA graph trees")
    options = parser.parse_args()
    model = llama.build(options)
    mode = "reduce-overhead" if options.graphs else "default"
    compiled = torch.compile(model, mode=mode, dynamic=False)
    with torch.no_grad():
        decoder = llama.Decoder(model, options, forward=compiled)
        for _ in range(options.tokens):
            torch.compiler.cudagraph_mark_step_begin()
            decoder.step()
        llama.synchronize(options)
    stats = torch._dynamo.utils.counters["stats"]
    case.path(mode=mode, unique_graphs=stats["unique_graphs"], operations=stats["calls_captured"],
              cudagraph_skips=torch._dynamo.utils.counters["inductor"]["cudagraph_skips"])
    if not stats["unique_graphs"]:
        raise SystemExit("torch.compile compiled nothing")
    case.result("llama_compile_graphs" if options.graphs else "llama_compile",
                steps=int(decoder.count.item()), checksum=case.checksum(decoder.history))


if __name__ == "__main__":
    main()
