// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/shared_fill.h"

#include <algorithm>

namespace fib::judge {
namespace {

constexpr unsigned kThreads = 1024;

/// (u32 words, u32 pattern): a block stores the pattern everywhere in its shared memory.
constexpr const char* kPtx = R"(.version 7.0
.target sm_70
.address_size 64
.extern .shared .align 16 .b8 memory[];

.visible .entry fib_shared_fill(.param .u32 words, .param .u32 pattern)
{
  .reg .pred %p;
  .reg .u32 %word, %words, %pattern, %threads, %at, %offset;
  ld.param.u32 %words, [words];
  ld.param.u32 %pattern, [pattern];
  mov.u32 %word, %tid.x;
  mov.u32 %threads, %ntid.x;
  mov.u32 %at, memory;
again:
  setp.ge.u32 %p, %word, %words;
  @%p bra done;
  shl.b32 %offset, %word, 2;
  add.u32 %offset, %offset, %at;
  st.volatile.shared.u32 [%offset], %pattern;
  add.u32 %word, %word, %threads;
  bra again;
done:
  ret;
}
)";

}  // namespace

SharedFill::~SharedFill() {
  if (module_ != nullptr) (void)api_.cuModuleUnload(module_);
}

CUresult SharedFill::load() {
  CUdevice device = 0;
  int multiprocessors = 0, bytes = 0;
  CUfunction kernel = nullptr;
  CUresult result = api_.cuCtxGetDevice(&device);
  const auto then = [&result](auto&& call) {
    if (result == CUDA_SUCCESS) result = call();
  };
  const auto ask = [&](int& value, CUdevice_attribute what) {
    then([&] { return api_.cuDeviceGetAttribute(&value, what, device); });
  };
  ask(multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  ask(bytes, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
  if (module_ == nullptr) then([&] { return api_.cuModuleLoadData(&module_, kPtx); });
  then([&] { return api_.cuModuleGetFunction(&kernel, module_, "fib_shared_fill"); });
  then([&] {
    return api_.cuFuncSetAttribute(kernel, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes);
  });
  if (result != CUDA_SUCCESS) return result;
  kernel_ = kernel;
  multiprocessors_ = static_cast<unsigned>(std::max(multiprocessors, 1));
  bytes_ = static_cast<unsigned>(std::max(bytes, 4));
  return CUDA_SUCCESS;
}

/// Blocks that fill a multiprocessor, so that each gets some; twice as many, in case one gets two
/// while another is still at work.
CUresult SharedFill::fill(CUstream stream, std::uint32_t pattern) {
  if (kernel_ == nullptr)
    if (const CUresult result = load(); result != CUDA_SUCCESS) return result;
  std::uint32_t words = bytes_ / 4;
  void* parameters[] = {&words, &pattern};
  return api_.cuLaunchKernel(kernel_, 2 * multiprocessors_, 1, 1, kThreads, 1, 1, bytes_, stream,
                             parameters, nullptr);
}

}  // namespace fib::judge
