# SPDX-License-Identifier: Apache-2.0
"""A window of a Llama with layers of real width: eager prefill and decode, or decode steps through
torch.compile or in a CUDA graph."""

import sys

import case

if "compile" in sys.argv:  # before torch reads the environment
    case.private_caches()

import torch

import llama
import window


SPARE = 128  # room in the cache for warm-up and repeated windows


def eager(model, options):
    """Prefill and decode with a growing cache."""
    import llama_eager

    ids = llama.prompt(options)
    llama_eager.decode_by_hand(model, ids, 3)  # warm-up: code loading, cuBLAS workspaces
    return window.run(options, lambda: llama_eager.decode_by_hand(model, ids, options.tokens))


def steps_of(decoder, step, options):
    """`tokens` steps; the position goes back first, so that every window has room in the cache."""
    def body():
        decoder.position.fill_(options.prompt + 8)
        decoder.count.zero_()
        for _ in range(options.tokens):
            step()
        return decoder.history

    return body


def compiled(model, options):
    """Decode steps through torch.compile."""
    decoder = llama.Decoder(model, options, forward=torch.compile(model, dynamic=False), spare=SPARE)
    for _ in range(4):
        decoder.step()
    return window.run(options, steps_of(decoder, decoder.step, options))


def graph(model, options):
    """Decode steps as launches of one CUDA graph, which was made before the window."""
    import llama_graph

    decoder = llama.Decoder(model, options, spare=SPARE)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            decoder.step()
    torch.cuda.current_stream().wait_stream(side)
    step = llama_graph.capture(decoder)
    for _ in range(2):
        step.replay()
    return window.run(options, steps_of(decoder, step.replay, options))


MODES = {"eager": eager, "compile": compiled, "graph": graph}


def main():
    parser = window.add_options(llama.arguments(
        __doc__, layers=2, hidden=4096, head=128, kv=8, intermediate=14336, prompt=64, tokens=4))
    parser.add_argument("--mode", choices=sorted(MODES), default="eager")
    options = parser.parse_args()
    model = llama.build(options)
    with torch.no_grad():
        out = MODES[options.mode](model, options)
    llama.synchronize(options)
    case.result(f"window_llama_{options.mode}", checksum=case.checksum(out))


if __name__ == "__main__":
    main()
