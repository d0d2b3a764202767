# SPDX-License-Identifier: Apache-2.0
"""A Llama with layers of real width whose logits tell whether a redirected kernel computes the same.

Prints a SHA-256 over the logits of every step. --mode compile and graph decode through torch.compile and in a
CUDA graph; --gpus 2 does everything on two GPUs in one process.
"""

import argparse
import hashlib
import os


def early_options():
    """What has to be known before torch reads the environment."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--cache", default="")
    return parser.parse_known_args()[0]


CACHE = early_options().cache
for variable in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR") if CACHE else ():
    os.environ[variable] = os.path.join(CACHE, variable.lower())

import torch
from transformers import DynamicCache

import case
import llama

WARM_STEPS = 3
SPARE = 32  # room in the cache for steps beside --tokens


class Logits:
    """A digest over the logits of all steps."""

    def __init__(self):
        self.digest, self.steps, self.sum = hashlib.sha256(), 0, 0.0

    def add(self, logits):
        """Takes them in, in order; waits for the GPU."""
        values = logits.detach().contiguous().cpu()
        self.digest.update(values.view(torch.uint8).numpy().tobytes())
        self.sum += values.double().abs().mean().item()
        self.steps += 1


class Decoder(llama.Decoder):
    """Keeps the logits of its last step where they are."""

    logits = None

    def step(self):
        out = self.forward(self.token, past_key_values=self.cache, use_cache=True, **self.positions(self.position))
        last = out.logits[:, -1:]
        if self.logits is None:
            self.logits = torch.empty_like(last)
        self.logits.copy_(last)
        self.token.copy_(self.logits.argmax(-1))
        self.history.index_copy_(1, self.count, self.token)
        self.position += 1
        self.count += 1


def eager(model, options, logits):
    """Prefill and decode with a growing cache."""
    cache, token = DynamicCache(), llama.prompt(options)
    for _ in range(options.tokens):
        out = model(token, past_key_values=cache, use_cache=True).logits
        logits.add(out)
        token = out[:, -1:].argmax(-1)


def compiled(model, options, logits):
    """Decode steps through torch.compile."""
    torch._dynamo.reset()
    decoder = Decoder(model, options, forward=torch.compile(model, dynamic=False), spare=SPARE)
    for _ in range(options.tokens):
        decoder.step()
        logits.add(decoder.logits)
    case.path(unique_graphs=torch._dynamo.utils.counters["stats"]["unique_graphs"])


def graph(model, options, logits):
    """Decode steps as launches of one CUDA graph."""
    import llama_graph

    decoder = Decoder(model, options, spare=SPARE)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_STEPS):
            decoder.step()
    torch.cuda.current_stream().wait_stream(side)
    step = llama_graph.capture(decoder)
    for _ in range(options.tokens):
        step.replay()
        logits.add(decoder.logits)


MODES = {"eager": eager, "compile": compiled, "graph": graph}


def run(options, device):
    """One GPU's logits."""
    options.device = device
    logits = Logits()
    with torch.cuda.device(device) if device != "cpu" else torch.no_grad(), torch.no_grad():
        MODES[options.mode](llama.build(options), options, logits)
        llama.synchronize(options)
    return logits


def main():
    parser = llama.arguments(__doc__, layers=2, hidden=4096, head=128, kv=8, intermediate=14336, prompt=64, tokens=6)
    parser.add_argument("--mode", choices=sorted(MODES), default="eager")
    parser.add_argument("--gpus", type=int, default=1)
    parser.add_argument("--cache", default="", help="directory for what Inductor and Triton compile")
    options = parser.parse_args()
    if options.device != "cpu" and torch.cuda.device_count() < options.gpus:
        print(f"SKIP {torch.cuda.device_count()} GPU only", flush=True)
        return
    devices = [f"cuda:{i}" for i in range(options.gpus)] if options.device != "cpu" else ["cpu"]
    found = [run(options, device) for device in devices]
    digests = [logits.digest.hexdigest() for logits in found]
    if len(set(digests)) > 1:
        print(f"the GPUs differ: {digests}", flush=True)
    case.result(f"redirect_llama_{options.mode}", steps=found[0].steps, mean=f"{found[0].sum / found[0].steps:.6g}",
                checksum=",".join(digests))


if __name__ == "__main__":
    main()
