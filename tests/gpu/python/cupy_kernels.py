# SPDX-License-Identifier: Apache-2.0
"""CuPy: elementwise, fused, raw (NVRTC) and reduction kernels, sort, cuBLAS, cuFFT, streams, a graph."""

import case

case.private_caches()  # before cupy reads the environment

import cupy as cp

RAW = r"""
extern "C" __global__ void saxpy(float a, const float* x, float* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] += a * x[i];
}
template <class T> __global__ void square(T* x, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) x[i] *= x[i];
}
"""
N = 10000


def numbers(count=N):
    return cp.random.default_rng(3).random(count, dtype=cp.float32)


def elementwise():
    x = numbers()
    kernel = cp.ElementwiseKernel("float32 x, float32 y", "float32 z", "z = (x - y) * (x - y)",
                                  "squared_difference")
    return [cp.asnumpy(kernel(x, x[::-1])), cp.asnumpy(cp.sqrt(x) + cp.exp(x) * 2)]


def raw_kernel():
    x, y = numbers(), cp.zeros(N, dtype=cp.float32)
    saxpy = cp.RawKernel(RAW.split("template")[0], "saxpy")
    for _ in range(10):
        saxpy(((N + 255) // 256,), (256,), (cp.float32(2), x, y, cp.int32(N)))
    assert cp.allclose(y, 20 * x)
    return [cp.asnumpy(y)]


def raw_module():
    module = cp.RawModule(code=RAW, options=("-std=c++17",), name_expressions=("square<double>",))
    x = cp.arange(N, dtype=cp.float64)
    module.get_function("square<double>")(((N + 255) // 256,), (256,), (x, cp.int32(N)))
    assert float(x[100]) == 10000.0
    return [cp.asnumpy(x)]


def reductions():
    x = numbers()
    kernel = cp.ReductionKernel("float32 x", "float32 y", "x * x", "a + b", "y = sqrt(a)", "0", "norm2")
    return [cp.asnumpy(value) for value in (kernel(x), x.sum(), x.reshape(100, 100).max(axis=0))]


def sorting():
    x = numbers()
    return [cp.asnumpy(cp.sort(x)), cp.asnumpy(cp.argsort(x)), cp.asnumpy(cp.cumsum(x))]


def matmul():
    x = numbers(256 * 256).reshape(256, 256)
    return [cp.asnumpy(x @ x.T)]


def fft():
    x = numbers(4096)
    return [cp.asnumpy(cp.fft.ifft(cp.fft.fft(x)).real.astype(cp.float32))]


def streams_and_graph():
    stream = cp.cuda.Stream(non_blocking=True)
    with stream:
        x = cp.ones(N, dtype=cp.float32)
        stream.synchronize()
        x += 1  # compiles before the capture
        stream.begin_capture()
        x += 1
        x *= 2
        graph = stream.end_capture()
        for _ in range(5):
            graph.launch(stream)
    stream.synchronize()
    return [cp.asnumpy(x)]


def main():
    case.path(cupy=cp.__version__, runtime=cp.cuda.runtime.runtimeGetVersion())
    steps = case.Steps()
    for step in (elementwise, raw_kernel, raw_module, reductions, sorting, matmul, fft,
                 streams_and_graph):
        steps.run(step)
    cp.cuda.Device().synchronize()
    steps.finish("cupy_kernels")


if __name__ == "__main__":
    main()
