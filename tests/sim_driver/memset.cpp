// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "tests/sim_driver/copy.h"
#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

CUDA_MEMSET_NODE_PARAMS plane(CUdeviceptr to, size_t pitch, unsigned value, unsigned element,
                              size_t width, size_t height) {
  CUDA_MEMSET_NODE_PARAMS what{};
  what.dst = to;
  what.pitch = pitch;
  what.value = value;
  what.elementSize = element;
  what.width = width;
  what.height = height;
  return what;
}

CUDA_MEMSET_NODE_PARAMS row(CUdeviceptr to, unsigned value, unsigned element, size_t width) {
  return plane(to, width * element, value, element, width, 1);
}

bool is_empty(const CUDA_MEMSET_NODE_PARAMS& what) { return what.width == 0 || what.height == 0; }

CompletionPtr set_on(Call& c, const StreamPtr& stream, const CUDA_MEMSET_NODE_PARAMS& what) {
  if (is_empty(what)) return nullptr;
  check_memset(c, what, stream->device);
  return issue(c, stream, Memset{what});
}

void set_async(Call& c, CUstream on, const CUDA_MEMSET_NODE_PARAMS& what) {
  set_on(c, c.stream(on), what);
}

void set_sync(Call& c, const CUDA_MEMSET_NODE_PARAMS& what) {
  const StreamPtr stream = c.stream(nullptr);
  guard_not_capturing(*stream);
  if (const CompletionPtr done = set_on(c, stream, what)) wait_for(c, {done});
}

}  // namespace

void run_memset(const CUDA_MEMSET_NODE_PARAMS& what) {
  for (size_t y = 0; y < what.height; ++y) {
    auto* line = reinterpret_cast<std::byte*>(what.dst + y * what.pitch);
    if (what.elementSize == 1) {
      std::memset(line, static_cast<int>(what.value), what.width);
      continue;
    }
    for (size_t x = 0; x < what.width; ++x)  // little-endian: the low bytes are the element
      std::memcpy(line + x * what.elementSize, &what.value, what.elementSize);
  }
}

void check_memset(Call& c, const CUDA_MEMSET_NODE_PARAMS& what, int device) {
  const unsigned element = what.elementSize;
  require(element == 1 || element == 2 || element == 4);
  require(what.dst % element == 0);
  if (is_empty(what)) return;
  const size_t bytes = (what.height - 1) * what.pitch + what.width * element;
  require(what.height == 1 || what.pitch >= what.width * element);
  require(c.driver.memory.accessible(what.dst, bytes, device, true));
}

SIM_API_TWIN(cuMemsetD8_v2, _ptds, (CUdeviceptr to, unsigned char v, size_t n),
             set_sync(c, row(to, v, 1, n)))
SIM_API_TWIN(cuMemsetD16_v2, _ptds, (CUdeviceptr to, unsigned short v, size_t n),
             set_sync(c, row(to, v, 2, n)))
SIM_API_TWIN(cuMemsetD32_v2, _ptds, (CUdeviceptr to, unsigned v, size_t n),
             set_sync(c, row(to, v, 4, n)))
SIM_API_TWIN(cuMemsetD2D8_v2, _ptds,
             (CUdeviceptr to, size_t pitch, unsigned char v, size_t width, size_t height),
             set_sync(c, plane(to, pitch, v, 1, width, height)))
SIM_API_TWIN(cuMemsetD2D16_v2, _ptds,
             (CUdeviceptr to, size_t pitch, unsigned short v, size_t width, size_t height),
             set_sync(c, plane(to, pitch, v, 2, width, height)))
SIM_API_TWIN(cuMemsetD2D32_v2, _ptds,
             (CUdeviceptr to, size_t pitch, unsigned v, size_t width, size_t height),
             set_sync(c, plane(to, pitch, v, 4, width, height)))

SIM_API_TWIN(cuMemsetD8Async, _ptsz, (CUdeviceptr to, unsigned char v, size_t n, CUstream stream),
             set_async(c, stream, row(to, v, 1, n)))
SIM_API_TWIN(cuMemsetD16Async, _ptsz, (CUdeviceptr to, unsigned short v, size_t n, CUstream stream),
             set_async(c, stream, row(to, v, 2, n)))
SIM_API_TWIN(cuMemsetD32Async, _ptsz, (CUdeviceptr to, unsigned v, size_t n, CUstream stream),
             set_async(c, stream, row(to, v, 4, n)))
SIM_API_TWIN(cuMemsetD2D8Async, _ptsz,
             (CUdeviceptr to, size_t pitch, unsigned char v, size_t width, size_t height,
              CUstream stream),
             set_async(c, stream, plane(to, pitch, v, 1, width, height)))
SIM_API_TWIN(cuMemsetD2D16Async, _ptsz,
             (CUdeviceptr to, size_t pitch, unsigned short v, size_t width, size_t height,
              CUstream stream),
             set_async(c, stream, plane(to, pitch, v, 2, width, height)))
SIM_API_TWIN(cuMemsetD2D32Async, _ptsz,
             (CUdeviceptr to, size_t pitch, unsigned v, size_t width, size_t height,
              CUstream stream),
             set_async(c, stream, plane(to, pitch, v, 4, width, height)))

}  // namespace fib::sim
