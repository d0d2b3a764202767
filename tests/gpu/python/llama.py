# SPDX-License-Identifier: Apache-2.0
"""A Llama of real widths with random weights: nothing is downloaded."""

import argparse
import inspect

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM, StaticCache

import case


def arguments(description, **defaults):
    """Options of the Llama cases; `defaults` sets some of them."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--device", default="cuda", help="cpu: a dry run that needs no GPU")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--hidden", type=int, default=2048)
    parser.add_argument("--head", type=int, default=64, help="width of a head")
    parser.add_argument("--kv", type=int, default=0, help="key-value heads (0: a quarter of the heads)")
    parser.add_argument("--intermediate", type=int, default=0, help="0: four times --hidden")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=32, help="tokens")
    parser.add_argument("--tokens", type=int, default=24, help="new tokens per sequence")
    parser.set_defaults(**defaults)
    return parser


def build(options):
    """The model, in bf16, in evaluation mode."""
    heads = options.hidden // options.head
    config = LlamaConfig(
        hidden_size=options.hidden, intermediate_size=options.intermediate or options.hidden * 4,
        num_hidden_layers=options.layers, num_attention_heads=heads,
        num_key_value_heads=options.kv or max(1, heads // 4), vocab_size=32000,
        max_position_embeddings=4096)
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device(options.device):
            model = LlamaForCausalLM(config)
        built = "on_device"
    except Exception as error:
        print(f"building on {options.device} failed, building on the CPU: {error}", flush=True)
        model = LlamaForCausalLM(config).to(options.device)
        built = "on_cpu"
    finally:
        torch.set_default_dtype(torch.float32)
    model.generation_config.eos_token_id = None  # random weights: never stop early
    model.generation_config.pad_token_id = 0
    case.path(transformers=transformers.__version__, torch=torch.__version__, model=built,
              attention=getattr(model.config, "_attn_implementation", "unknown"))
    return model.to(torch.bfloat16).eval()


def prompt(options):
    """Token ids, the same in every run."""
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(3, 32000, (options.batch, options.prompt), generator=generator)
    return ids.to(options.device)


def synchronize(options):
    """Waits for the device."""
    if options.device != "cpu":
        torch.cuda.synchronize()


def static_cache(model, options, spare=8):
    """A StaticCache with room for prompt, new tokens and `spare` more."""
    length = options.prompt + options.tokens + spare
    try:
        cache = StaticCache(config=model.config, max_cache_len=length)
        case.path(static_cache="config,max_cache_len")
    except TypeError:  # transformers before 4.56
        cache = StaticCache(config=model.config, max_batch_size=options.batch, max_cache_len=length,
                            device=options.device, dtype=torch.bfloat16)
        case.path(static_cache="config,max_batch_size,device,dtype")
    return cache


class Decoder:
    """Greedy decoding with a static cache; step() touches only tensors that stay where they are."""

    def __init__(self, model, options, forward=None, spare=8):
        self.forward = model if forward is None else forward
        self.cache = static_cache(model, options, spare)
        self.position = torch.full((1,), options.prompt, device=options.device)
        parameters = inspect.signature(model.forward).parameters
        self.wants_position = "cache_position" in parameters  # transformers 4 and early 5
        out = model(prompt(options), past_key_values=self.cache, use_cache=True,
                    **self.positions(torch.arange(options.prompt, device=options.device)))
        self.token = out.logits[:, -1:].argmax(-1).clone()
        self.history = torch.zeros((options.batch, options.tokens + 8), dtype=torch.long,
                                   device=options.device)
        self.count = torch.zeros((1,), dtype=torch.long, device=options.device)

    def positions(self, positions):
        """How this version of transformers is told where the tokens stand."""
        return {"cache_position": positions} if self.wants_position else {}

    def step(self):
        """Decodes one token from the last one."""
        out = self.forward(self.token, past_key_values=self.cache, use_cache=True,
                           **self.positions(self.position))
        self.token.copy_(out.logits[:, -1:].argmax(-1))
        self.history.index_copy_(1, self.count, self.token)
        self.position += 1
        self.count += 1
