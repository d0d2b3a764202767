# SPDX-License-Identifier: Apache-2.0
"""Llama, eager: `generate` with a growing cache. Also the workload of scripts/gpu_overhead."""

import statistics
import time

import torch
from transformers import DynamicCache

import case
import llama


def generate(model, ids, tokens):
    """`tokens` new tokens by model.generate."""
    return model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=tokens,
                          do_sample=False, use_cache=True)


def decode_by_hand(model, ids, tokens):
    """The same without `generate`."""
    cache, token, out = DynamicCache(), ids, [ids]
    for _ in range(tokens):
        logits = model(token, past_key_values=cache, use_cache=True).logits
        token = logits[:, -1:].argmax(-1)
        out.append(token)
    return torch.cat(out, dim=1)


def choose(model, ids):
    """`generate`, or the loop by hand where this version of transformers refuses."""
    try:
        generate(model, ids, 2)
        case.path(decoding="model.generate")
        return generate
    except Exception as error:
        print(f"model.generate failed: {error}", flush=True)
        case.path(decoding="by_hand")
        return decode_by_hand


def main():
    parser = llama.arguments(__doc__)
    parser.add_argument("--repetitions", type=int, default=3, help="at least so many")
    parser.add_argument("--seconds", type=float, default=0, help="repeat for so long")
    options = parser.parse_args()
    model, ids = llama.build(options), llama.prompt(options)
    with torch.no_grad():
        decode = choose(model, ids)
        decode(model, ids, options.tokens)  # warm-up: code loading, cuBLAS workspaces
        rates, begin = [], time.perf_counter()
        while len(rates) < options.repetitions or time.perf_counter() - begin < options.seconds:
            llama.synchronize(options)
            start = time.perf_counter()
            out = decode(model, ids, options.tokens)
            llama.synchronize(options)
            rates.append(options.batch * options.tokens / (time.perf_counter() - start))
    case.result("llama_eager", tokens_per_s=f"{statistics.median(rates):.2f}",
                repetitions=len(rates), new_tokens=out.shape[1] - ids.shape[1],
                checksum=case.checksum(out))


if __name__ == "__main__":
    main()
