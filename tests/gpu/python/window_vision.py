# SPDX-License-Identifier: Apache-2.0
"""A window of models with convolutions (cuDNN), random weights: a ViT, a ConvNeXt, a Whisper encoder
and decoder step; and attention by cuDNN."""

import torch
import torch.nn.functional as F
import transformers

import case
import window


def half(model, device):
    """In half precision, in evaluation mode."""
    return model.to(device=device, dtype=torch.float16).eval()


def vit(device):
    """Patches by convolution, 2 layers of the base width."""
    config = transformers.ViTConfig(num_hidden_layers=2)
    model = half(transformers.ViTModel(config, add_pooling_layer=False), device)
    image = torch.randn(4, 3, 224, 224, device=device, dtype=torch.float16)
    return lambda: model(pixel_values=image).last_hidden_state


def convnext(device):
    """Depthwise and strided convolutions."""
    config = transformers.ConvNextConfig(depths=[1, 1, 2, 1], hidden_sizes=[96, 192, 384, 768])
    model = half(transformers.ConvNextModel(config), device)
    image = torch.randn(2, 3, 224, 224, device=device, dtype=torch.float16)
    return lambda: model(pixel_values=image).last_hidden_state


def whisper(device):
    """Convolutions over time, 2 + 2 layers of the small width."""
    config = transformers.WhisperConfig(d_model=768, encoder_layers=2, decoder_layers=2,
                                        encoder_attention_heads=12, decoder_attention_heads=12,
                                        encoder_ffn_dim=3072, decoder_ffn_dim=3072)
    model = half(transformers.WhisperModel(config), device)
    sound = torch.randn(1, 80, 3000, device=device, dtype=torch.float16)
    tokens = torch.tensor([[50258, 50259, 50359]], device=device)
    return lambda: model(input_features=sound, decoder_input_ids=tokens).last_hidden_state


def attention(device):
    """cuDNN's attention; its kernels take tensor maps."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    query, key, value = (torch.randn(2, 16, 256, 64, device=device, dtype=torch.bfloat16) for _ in range(3))

    def attend():
        with sdpa_kernel(SDPBackend.CUDNN_ATTENTION):
            return F.scaled_dot_product_attention(query, key, value, is_causal=True)

    return attend


def working(parts, device):
    """Those that run here, warmed up; the others are named."""
    found = []
    for part in parts:
        try:
            run = part(device)
            run()
            found.append(run)
            case.path(**{part.__name__: "runs"})
        except Exception as error:  # what one version lacks must not hide the others
            case.path(**{part.__name__: "failed"})
            print(f"{part.__name__} failed: {type(error).__name__}: {str(error)[:200]}", flush=True)
    return found


def main():
    parser = window.parser(__doc__)
    parser.add_argument("--device", default="cuda", help="cpu: a dry run that needs no GPU")
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    case.path(transformers=transformers.__version__, cudnn=torch.backends.cudnn.version())
    parts = [vit, convnext, whisper] + ([] if options.device == "cpu" else [attention])
    with torch.no_grad():
        runs = working(parts, options.device)
        out = window.run(options, lambda: [run() for run in runs])
    case.result("window_vision", parts=len(runs), checksum=case.checksum(*out))
    raise SystemExit(0 if len(runs) == len(parts) else 1)


if __name__ == "__main__":
    main()
