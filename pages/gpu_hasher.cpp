// SPDX-License-Identifier: Apache-2.0
#include "pages/gpu_hasher.h"

#include <algorithm>
#include <cstddef>

#include "pages/page_hash_core.h"
#include "trace/checksum.h"

extern "C" __attribute__((visibility("hidden"))) const char fib_page_hash_ptx[];

namespace fib::pages {
namespace {

/// Pages per launch: 4 GiB, a millisecond.
constexpr std::size_t kTablePages = 65536;
/// As __launch_bounds__ in page_hash.cu promises.
constexpr unsigned kBlocksPerMultiprocessor = 4;

/// Lets this thread make calls that a capture of another thread would forbid, or be spoiled by.
class RelaxedCaptureMode {
 public:
  explicit RelaxedCaptureMode(const driver::DriverApi& api) noexcept : api_(api) { exchange(); }
  ~RelaxedCaptureMode() { exchange(); }
  RelaxedCaptureMode(const RelaxedCaptureMode&) = delete;
  RelaxedCaptureMode& operator=(const RelaxedCaptureMode&) = delete;

 private:
  void exchange() noexcept { (void)api_.cuThreadExchangeStreamCaptureMode(&mode_); }

  const driver::DriverApi& api_;
  CUstreamCaptureMode mode_ = CU_STREAM_CAPTURE_MODE_RELAXED;
};

}  // namespace

struct GpuHasher::Tables {
  CUdeviceptr addresses[kTablePages];
  trace::Hash hashes[kTablePages];
};

GpuHasher::~GpuHasher() {
  if (context_ == nullptr) return;
  // Fails when the driver is gone, or the context: then nothing is left to free.
  if (api_.cuCtxPushCurrent_v2(context_) != CUDA_SUCCESS) return;
  release();
  CUcontext popped = nullptr;
  (void)api_.cuCtxPopCurrent_v2(&popped);
}

void GpuHasher::release() noexcept {
  const RelaxedCaptureMode relaxed(api_);
  if (stream_ != nullptr) (void)api_.cuStreamDestroy_v2(stream_);
  if (module_ != nullptr) (void)api_.cuModuleUnload(module_);
  if (tables_ != nullptr) (void)api_.cuMemFreeHost(tables_);
  stream_ = nullptr;
  module_ = nullptr;
  tables_ = nullptr;
  kernel_ = nullptr;
}

CUresult GpuHasher::load() noexcept {
  const RelaxedCaptureMode relaxed(api_);
  CUresult result = api_.cuCtxGetCurrent(&context_);
  if (result == CUDA_SUCCESS && context_ == nullptr) result = CUDA_ERROR_INVALID_CONTEXT;
  if (result != CUDA_SUCCESS) return result;
  result = create();
  if (result == CUDA_SUCCESS) result = self_test();
  if (result != CUDA_SUCCESS) release();
  return result;
}

CUresult GpuHasher::create() noexcept {
  CUdevice device = 0;
  int multiprocessors = 0;
  void* tables = nullptr;
  const auto attribute = CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
  CUresult result = api_.cuCtxGetDevice(&device);
  const auto then = [&result](auto&& call) {
    if (result == CUDA_SUCCESS) result = call();
  };
  then([&] { return api_.cuDeviceGetAttribute(&multiprocessors, attribute, device); });
  then([&] { return api_.cuModuleLoadData(&module_, fib_page_hash_ptx); });
  then([&] { return api_.cuModuleGetFunction(&kernel_, module_, "fib_page_hash"); });
  then([&] { return api_.cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING); });
  then([&] {
    return api_.cuMemHostAlloc(&tables, sizeof(Tables),
                               CU_MEMHOSTALLOC_DEVICEMAP | CU_MEMHOSTALLOC_PORTABLE);
  });
  tables_ = static_cast<Tables*>(tables);
  then([&] { return api_.cuMemHostGetDevicePointer_v2(&device_tables_, tables, 0); });
  most_blocks_ = kBlocksPerMultiprocessor * static_cast<unsigned>(std::max(multiprocessors, 1));
  return result;
}

/// The kernel came through a compiler in the driver, and everything rests on its result.
CUresult GpuHasher::self_test() noexcept {
  constexpr std::size_t kFrom = kTablePages / 2;  // behind the addresses that the test itself needs
  constexpr std::size_t kWords = trace::kPageBytes / sizeof(CUdeviceptr);
  CUdeviceptr* const page = tables_->addresses + kFrom;
  for (std::size_t i = 0; i < kWords; ++i) page[i] = 0x9E3779B97F4A7C15u * (i + 1);
  const CUdeviceptr address =
      device_tables_ + offsetof(Tables, addresses) + kFrom * sizeof(CUdeviceptr);
  trace::Hash hash{};
  const CUresult result = this->hash({&address, 1}, {&hash, 1});
  if (result != CUDA_SUCCESS) return result;
  const auto content = std::as_bytes(std::span<const CUdeviceptr>(page, kWords));
  return hash == trace::content_hash(content) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_IMAGE;
}

CUresult GpuHasher::hash(std::span<const CUdeviceptr> pages,
                         std::span<trace::Hash> hashes) noexcept {
  if (pages.size() != hashes.size()) return CUDA_ERROR_INVALID_VALUE;
  if (kernel_ == nullptr) return CUDA_ERROR_NOT_INITIALIZED;
  const auto aligned = [](CUdeviceptr page) { return page % sizeof(Word) == 0; };
  if (!std::ranges::all_of(pages, aligned)) return CUDA_ERROR_INVALID_VALUE;
  const RelaxedCaptureMode relaxed(api_);
  for (std::size_t done = 0; done < pages.size(); done += kTablePages) {
    const std::size_t count = std::min(kTablePages, pages.size() - done);
    const CUresult result = hash_some(pages.subspan(done, count), hashes.subspan(done, count));
    if (result != CUDA_SUCCESS) return result;
  }
  return CUDA_SUCCESS;
}

CUresult GpuHasher::hash_some(std::span<const CUdeviceptr> pages,
                              std::span<trace::Hash> hashes) noexcept {
  std::ranges::copy(pages, tables_->addresses);
  auto count = static_cast<unsigned>(pages.size());
  CUdeviceptr addresses = device_tables_ + offsetof(Tables, addresses);
  CUdeviceptr out = device_tables_ + offsetof(Tables, hashes);
  void* params[] = {&addresses, &out, &count};
  CUresult result = api_.cuLaunchKernel(kernel_, std::min(count, most_blocks_), 1, 1, kHashThreads,
                                        1, 1, 0, stream_, params, nullptr);
  if (result == CUDA_SUCCESS) result = api_.cuStreamSynchronize(stream_);
  if (result == CUDA_SUCCESS) std::copy_n(tables_->hashes, count, hashes.begin());
  return result;
}

}  // namespace fib::pages
