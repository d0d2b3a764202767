// SPDX-License-Identifier: Apache-2.0
// Kernels that the driver-API programs load at run time; built as images.cubin, .fatbin and .ptx.

__device__ int bias = 0;

extern "C" __global__ void add(int* data, int value) { data[threadIdx.x] += value + bias; }
extern "C" __global__ void twice(int* data) { data[threadIdx.x] *= 2; }
