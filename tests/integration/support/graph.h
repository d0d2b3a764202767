// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

#include "support/check.h"

namespace fib::test {

/// A kernel with its arguments, kept together for graph nodes. Stays where it is: params() points
/// into it.
class KernelArgs {
 public:
  template <class... Args>
  KernelArgs(CUfunction function, unsigned threads, Args... args)
      : function_(function), threads_(threads) {
    (add(&args, sizeof(args)), ...);
  }
  KernelArgs(const KernelArgs&) = delete;
  KernelArgs& operator=(const KernelArgs&) = delete;

  CUDA_KERNEL_NODE_PARAMS params() const {
    CUDA_KERNEL_NODE_PARAMS params{};
    params.func = function_;
    params.gridDimX = params.gridDimY = params.gridDimZ = 1;
    params.blockDimX = threads_;
    params.blockDimY = params.blockDimZ = 1;
    params.kernelParams = const_cast<void**>(pointers_.data());
    return params;
  }

  CUgraphNode node(CUgraph graph, const std::vector<CUgraphNode>& after) const {
    const CUDA_KERNEL_NODE_PARAMS node_params = params();
    CUgraphNode node = nullptr;
    CU(cuGraphAddKernelNode(&node, graph, after.data(), after.size(), &node_params));
    return node;
  }

 private:
  void add(const void* value, std::size_t bytes) {
    std::memcpy(&values_[count_], value, bytes);
    pointers_[count_] = &values_[count_];
    ++count_;
  }

  CUfunction function_;
  unsigned threads_;
  std::array<std::byte[8], 8> values_{};
  std::array<void*, 9> pointers_{};
  std::size_t count_ = 0;
};

}  // namespace fib::test
