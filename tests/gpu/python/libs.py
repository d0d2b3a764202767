# SPDX-License-Identifier: Apache-2.0
"""Closed-source libraries through PyTorch: cuBLASLt (bf16, fp8), cuDNN attention and convolution, cuFFT,
cuSOLVER, cuRAND; and PyTorch's own sort, scan and scatter."""

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

import case


def random(*shape, dtype=torch.bfloat16):
    return torch.randn(*shape, device="cuda", dtype=dtype)


def cublas_bf16():
    a, b, bias = random(512, 1024), random(1024, 768), random(768)
    return [a @ b, torch.addmm(bias, a, b), torch.bmm(random(4, 64, 64), random(4, 64, 64))]


def cublaslt_epilogue():
    linear = torch.nn.Linear(1024, 512, device="cuda", dtype=torch.bfloat16)
    return [F.gelu(linear(random(256, 1024)), approximate="tanh"),
            torch._addmm_activation(random(512), random(256, 128), random(128, 512), use_gelu=True)]


def cublaslt_fp8():
    a = random(256, 512).to(torch.float8_e4m3fn)
    b = random(512, 512).to(torch.float8_e4m3fn)
    one = torch.ones((), device="cuda", dtype=torch.float32)
    out = torch._scaled_mm(a, b.t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16)
    return [out[0] if isinstance(out, tuple) else out]


def attention(backend):
    query, key, value = (random(2, 16, 256, 64) for _ in range(3))
    with sdpa_kernel(backend):
        return [F.scaled_dot_product_attention(query, key, value, is_causal=True)]


def cudnn_attention():
    return attention(SDPBackend.CUDNN_ATTENTION)


def flash_attention():
    return attention(SDPBackend.FLASH_ATTENTION)


def efficient_attention():
    return attention(SDPBackend.EFFICIENT_ATTENTION)


def cudnn_convolution():
    torch.backends.cudnn.deterministic = True
    image, weight = random(4, 32, 56, 56), random(64, 32, 3, 3)
    last = image.contiguous(memory_format=torch.channels_last)
    return [F.conv2d(image, weight, padding=1), F.conv2d(last, weight, stride=2),
            F.conv2d(image.float(), weight.float())]


def cufft():
    signal = random(16, 4096, dtype=torch.float32)
    return [torch.fft.irfft(torch.fft.rfft(signal)), torch.fft.fft2(random(2, 60, 100,
                                                                           dtype=torch.float32)).abs()]


def cusolver():
    matrix = random(64, 64, dtype=torch.float32)
    positive = matrix @ matrix.T + 64 * torch.eye(64, device="cuda")
    return [torch.linalg.cholesky(positive), torch.linalg.solve(positive, matrix)]


def own_kernels():
    x = random(100, 1000, dtype=torch.float32)
    index = torch.randint(0, 1000, (100, 1000), device="cuda")
    return [torch.sort(x, dim=1).values, torch.cumsum(x, 1), x.gather(1, index), torch.topk(x, 5).values,
            F.layer_norm(x, (1000,)), F.softmax(x, 1), torch.where(x > 0, x, 0).nonzero()]


def main():
    torch.manual_seed(0)
    case.path(torch=torch.__version__, cudnn=torch.backends.cudnn.version())
    steps = case.Steps()
    with torch.no_grad():
        for step in (cublas_bf16, cublaslt_epilogue, cublaslt_fp8, cudnn_attention, flash_attention,
                     efficient_attention, cudnn_convolution, cufft, cusolver, own_kernels):
            steps.run(step)
    torch.cuda.synchronize()
    steps.finish("libs")


if __name__ == "__main__":
    main()
