#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small serving process on transformers, for scripts/gpu_loop: it knows nothing of fibshim.

A decoder of real layer widths with random weights (a fixed seed, nothing is downloaded) answers a fixed trace of
requests: for each batch size, groups of requests of one prompt length, prefilled eagerly and decoded greedily from
a static cache, each step one launch of a CUDA graph. First comes a pass in which every step's logits are hashed,
then timed rounds of the same work, whose tokens must be the same. One steady step stands in the NVTX range
`decode-step`. --out DIR gets result.json (times), tokens.json, digests.txt and, with --logits, logits.safetensors.
"""

import argparse
import dataclasses
import hashlib
import inspect
import json
import pathlib
import statistics
import sys
import time

import torch
import transformers
from transformers import StaticCache

PROMPTS = (64, 192, 448)  # lengths; each is the length of one group of requests
RANGE = "decode-step"
FAMILIES = {
    "llama": ("Llama", {"hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32,
                        "num_key_value_heads": 8, "vocab_size": 128256, "rope_theta": 500000.0}),
    "qwen3": ("Qwen3", {"hidden_size": 4096, "intermediate_size": 12288, "num_attention_heads": 32,
                        "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936}),
}
TINY = {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4, "num_key_value_heads": 2,
        "vocab_size": 512}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", choices=sorted(FAMILIES), default="llama")
    parser.add_argument("--batches", default="1,32", help="batch sizes with commas between them")
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--cache", type=int, default=2048, help="tokens that the static cache has room for")
    parser.add_argument("--steps", type=int, default=32, help="new tokens of each request")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds; 0: none")
    parser.add_argument("--out", type=pathlib.Path, default=None, metavar="DIR")
    parser.add_argument("--logits", type=int, default=0, metavar="STEPS",
                        help="keep the logits of so many steps of each group")
    parser.add_argument("--device", default="cuda", help="cpu: no graphs, a dry run that needs no GPU")
    parser.add_argument("--deterministic", action="store_true",
                        help="attention without cuDNN, whose kernels give other bits from run to run")
    parser.add_argument("--tiny", action="store_true", help="small widths, for dry runs")
    return parser.parse_args()


def synchronize(device):
    if device != "cpu":
        torch.cuda.synchronize()


def build(options):
    """The model in bfloat16, in evaluation mode; the same weights in every process."""
    name, widths = FAMILIES[options.family]
    widths = {**widths, **(TINY if options.tiny else {}), "num_hidden_layers": options.layers,
              "max_position_embeddings": 8192}
    if options.tiny:
        widths.pop("head_dim", None)
    config = getattr(transformers, name + "Config")(**widths)
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device(options.device):
            model = getattr(transformers, name + "ForCausalLM")(config)
    finally:
        torch.set_default_dtype(torch.float32)
    return model.eval()


@dataclasses.dataclass
class Group:
    """Requests that are answered together."""

    ids: torch.Tensor  # [batch, prompt]
    prefill_s: float = 0
    decode_s: float = 0


def trace_of(batch, vocabulary, device):
    """The requests for one batch size, the same in every process."""
    generator = torch.Generator().manual_seed(1000 + batch)
    return [Group(torch.randint(3, vocabulary, (batch, length), generator=generator).to(device))
            for length in PROMPTS]


class Engine:
    """One batch size: a static cache, and one decode step as a CUDA graph. step() touches only tensors that stay
    where they are."""

    def __init__(self, model, batch, options):
        self.model, self.device, self.steps = model, options.device, options.steps
        self.cache = StaticCache(config=model.config, max_cache_len=options.cache)
        parameters = inspect.signature(model.forward).parameters
        self.cache_name = "cache" if "cache" in parameters else "past_key_values"
        self.wants_position = "cache_position" in parameters  # transformers 4 and early 5
        self.keep_last = {"logits_to_keep": 1} if "logits_to_keep" in parameters else {}
        self.token = torch.zeros((batch, 1), dtype=torch.long, device=self.device)
        self.position = torch.zeros((1,), dtype=torch.long, device=self.device)
        self.count = torch.zeros((1,), dtype=torch.long, device=self.device)
        self.history = torch.zeros((batch, options.steps + 8), dtype=torch.long, device=self.device)
        self.logits = None
        self.graph = None

    def forward(self, ids, positions):
        extra = {"cache_position": positions} if self.wants_position else {}
        out = self.model(ids, use_cache=True, **{self.cache_name: self.cache}, **extra, **self.keep_last)
        return out.logits[:, -1]

    def prefill(self, ids):
        """Takes the prompts in; the logits behind them. The first new token is chosen."""
        self.cache.reset()
        self.count.zero_()
        logits = self.forward(ids, torch.arange(ids.shape[1], device=self.device))
        self.position.fill_(ids.shape[1])
        self.token.copy_(logits.argmax(-1, keepdim=True))
        return logits

    def eager_step(self):
        self.logits = self.forward(self.token, self.position)
        self.history.index_copy_(1, self.count, self.token)
        self.token.copy_(self.logits.argmax(-1, keepdim=True))
        self.position.add_(1)
        self.count.add_(1)

    def capture(self):
        """After a prefill: libraries are warmed up on a stream of their own, then one step is captured."""
        if self.device == "cpu":
            return
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.eager_step()
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.eager_step()

    def step(self):
        if self.graph is None:
            self.eager_step()
        else:
            self.graph.replay()

    def tokens(self):
        return self.history[:, :self.steps].tolist()


def raw(logits):
    """The bytes of a tensor, on the host."""
    return logits.contiguous().view(torch.uint8).cpu().numpy().tobytes()


def checked_pass(engine, groups, kept, options):
    """All work once, every step's logits hashed: (tokens of all requests, digest)."""
    digest, tokens = hashlib.sha256(), []
    for number, group in enumerate(groups):
        digest.update(raw(engine.prefill(group.ids)))
        for step in range(engine.steps):
            engine.step()
            digest.update(raw(engine.logits))
            if step < options.logits:
                kept[f"batch{len(group.ids)}.group{number}.step{step}"] = engine.logits.cpu().clone()
        tokens += engine.tokens()
    return tokens, digest.hexdigest()


def timed_round(engine, groups):
    """The same without looking at logits; times go into the groups. All tokens."""
    tokens = []
    for group in groups:
        synchronize(engine.device)
        start = time.perf_counter()
        engine.prefill(group.ids)
        synchronize(engine.device)
        middle = time.perf_counter()
        for _ in range(engine.steps):
            engine.step()
        synchronize(engine.device)
        group.prefill_s, group.decode_s = middle - start, time.perf_counter() - middle
        tokens += engine.tokens()
    return tokens


def steady_step(engine, group):
    """One more step with the GPU idle at both ends, in a range that a recording can begin with."""
    engine.prefill(group.ids)
    engine.step()
    synchronize(engine.device)
    if engine.device != "cpu":
        torch.cuda.nvtx.range_push(RANGE)
    engine.step()
    synchronize(engine.device)
    if engine.device != "cpu":
        torch.cuda.nvtx.range_pop()


def times_of(batch, engine, rounds):
    """What the timed rounds say; `rounds`: [(prefill s, decode s) of each group]."""
    groups = len(PROMPTS)
    per_step = [1000 * sum(decode for _, decode in times) / (groups * engine.steps) for times in rounds]
    total = [sum(prefill + decode for prefill, decode in times) for times in rounds]
    new_tokens = batch * groups * engine.steps
    return {"ms_per_step": per_step, "ms_per_step_median": statistics.median(per_step),
            "decode_tokens_per_s": 1000 * batch / statistics.median(per_step),
            "tokens_per_s": new_tokens / statistics.median(total),
            "first_token_ms": 1000 * statistics.median(prefill for times in rounds for prefill, _ in times),
            "request_ms": 1000 * statistics.median(prefill + decode for times in rounds for prefill, decode in times)}


def serve(model, batch, kept, options):
    """Everything for one batch size."""
    engine = Engine(model, batch, options)
    groups = trace_of(batch, model.config.vocab_size, options.device)
    engine.prefill(groups[0].ids)
    engine.capture()
    tokens, digest = checked_pass(engine, groups, kept, options)
    steady_step(engine, groups[0])
    result = {"batch": batch, "requests": batch * len(groups), "steps": engine.steps, "logits_sha256": digest,
              "repeatable": True}
    rounds = []
    for _ in range(options.rounds):
        result["repeatable"] = timed_round(engine, groups) == tokens and result["repeatable"]
        rounds.append([(group.prefill_s, group.decode_s) for group in groups])
    if rounds:
        result.update(times_of(batch, engine, rounds))
    return result, tokens


def write(options, results, tokens, kept):
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "result.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (options.out / "tokens.json").write_text(json.dumps(tokens) + "\n", encoding="utf-8")
    lines = [f"{results['family']} batch {entry['batch']} {entry['logits_sha256']}" for entry in results["batches"]]
    (options.out / "digests.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if kept:
        import safetensors.torch

        safetensors.torch.save_file(kept, options.out / "logits.safetensors")


def main():
    options = arguments()
    options.steps = max(1, options.steps)
    if max(PROMPTS) + options.steps + 8 > options.cache:
        sys.exit(f"--cache {options.cache} has no room for {max(PROMPTS)} + {options.steps} tokens")
    if options.deterministic:
        torch.backends.cuda.enable_cudnn_sdp(False)
    model = build(options)
    results = {"family": options.family, "layers": options.layers, "cache": options.cache,
               "torch": torch.__version__, "transformers": transformers.__version__,
               "attention": getattr(model.config, "_attn_implementation", "unknown"),
               "cudnn": not options.deterministic, "batches": []}
    tokens, kept = {}, {}
    with torch.no_grad():
        for batch in [int(word) for word in options.batches.split(",")]:
            result, tokens[str(batch)] = serve(model, batch, kept, options)
            results["batches"].append(result)
            if options.device != "cpu":
                torch.cuda.empty_cache()
            print(f"RESULT family={options.family} batch={batch} ms_per_step={result.get('ms_per_step_median', 0):.4f} "
                  f"tokens_per_s={result.get('tokens_per_s', 0):.1f} request_ms={result.get('request_ms', 0):.2f} "
                  f"repeatable={int(result['repeatable'])} logits={result['logits_sha256'][:16]}", flush=True)
    if options.out:
        write(options, results, tokens, kept)


if __name__ == "__main__":
    main()
