// SPDX-License-Identifier: Apache-2.0
#pragma once

/// cuda.h with its renaming macros off: every name is the exported symbol of that very name, e.g.
/// `cuMemAlloc` is the 3.0-era 32-bit ABI and `cuMemAlloc_v2` the one that cuda.h calls cuMemAlloc.
/// Include this instead of cuda.h in everything of ours; a translation unit must not mix both.
#ifdef __cuda_cuda_h__
#error "include driver/cuda_abi.h before cuda.h, or instead of it"
#endif
#define __CUDA_API_VERSION_INTERNAL
#define __CUDA_API_VERSION_INTERNAL_ODR  // no internal enumerators
#include <cuda.h>
