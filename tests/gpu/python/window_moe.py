# SPDX-License-Identifier: Apache-2.0
"""A window of a mixture-of-experts model like Qwen3-MoE with random weights: prefill and decode, the
experts as grouped matrix products; and torch's grouped product by itself."""

import torch
import transformers

import case
import window


def config(options):
    """Two layers of the real width, 64 experts of which 8 are used."""
    return transformers.Qwen3MoeConfig(
        vocab_size=32000, hidden_size=2048, intermediate_size=6144, moe_intermediate_size=768,
        num_hidden_layers=options.layers, num_attention_heads=32, num_key_value_heads=4, head_dim=128,
        num_experts=64, num_experts_per_tok=8, decoder_sparse_step=1, mlp_only_layers=[],
        norm_topk_prob=True, max_position_embeddings=2048)


def build(options):
    """The model in bf16; experts by grouped_mm where this version of transformers has it."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device(options.device):
            model = transformers.Qwen3MoeForCausalLM(config(options))
    finally:
        torch.set_default_dtype(torch.float32)
    experts = "as_it_comes"
    try:
        if hasattr(model, "set_experts_implementation"):
            model.set_experts_implementation("grouped_mm")
            experts = "grouped_mm"
    except Exception as error:  # an older or newer name of it
        print(f"set_experts_implementation failed: {error}", flush=True)
    case.path(transformers=transformers.__version__, torch=torch.__version__, experts=experts)
    return model.to(torch.bfloat16).eval()


def grouped_product(options):
    """torch._grouped_mm on its own: 16 groups of 8 to 128 rows; None where it is missing."""
    if not hasattr(torch, "_grouped_mm") or options.device == "cpu":
        return None
    ends = torch.cumsum(torch.arange(1, 17, device=options.device) * 8, 0).to(torch.int32)
    rows = torch.randn(int(ends[-1]), 1024, device=options.device, dtype=torch.bfloat16)
    weights = torch.randn(16, 768, 1024, device=options.device, dtype=torch.bfloat16)

    def product():
        return torch._grouped_mm(rows, weights.transpose(-2, -1), offs=ends)

    try:
        product()
    except Exception as error:  # not on this GPU
        print(f"torch._grouped_mm failed: {error}", flush=True)
        case.path(grouped_mm="missing")
        return None
    case.path(grouped_mm="torch._grouped_mm")
    return product


def main():
    parser = window.parser(__doc__)
    parser.add_argument("--device", default="cuda", help="cpu: a dry run that needs no GPU")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=3)
    options = parser.parse_args()
    model = build(options)
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(3, 32000, (2, 48), generator=generator).to(options.device)
    product = grouped_product(options)

    def body():
        cache, token, out = transformers.DynamicCache(), ids, []
        for _ in range(options.tokens):
            logits = model(token, past_key_values=cache, use_cache=True).logits
            token = logits[:, -1:].argmax(-1)
            out.append(logits[:, -1])
        return torch.cat(out + ([product()[:2, :1].expand(2, 32000)] if product else []))

    with torch.no_grad():
        body()
        out = window.run(options, body)
    case.result("window_moe", checksum=case.checksum(out))


if __name__ == "__main__":
    main()
