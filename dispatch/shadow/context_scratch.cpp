// SPDX-License-Identifier: Apache-2.0
#include "dispatch/shadow/context_scratch.h"

#include <algorithm>

extern "C" __attribute__((visibility("hidden"))) const char fib_compare_ptx[];

namespace fib::dispatch {
namespace {

using State = ShadowSlot::State;

constexpr std::size_t kSmallest = std::size_t{1} << 20;  ///< less scratch memory is not worth it
constexpr unsigned kBlocksPerMultiprocessor = 4;
constexpr std::size_t kUnitAlignment = 256;

CompareWord pieces_of(const CompareJob& job) noexcept {
  CompareWord pieces = 0;
  for (CompareWord i = 0; i < job.count; ++i) pieces += compare_chunks(job.tasks[i]);
  return pieces;
}

}  // namespace

CUresult ContextScratch::create(std::size_t bytes) noexcept {
  CUresult result = load();
  if (result == CUDA_SUCCESS) result = allocate(bytes);
  if (result == CUDA_SUCCESS) result = self_test();
  if (result != CUDA_SUCCESS) release();
  return result;
}

CUresult ContextScratch::load() noexcept {
  CUdevice device = 0;
  int multiprocessors = 0;
  const auto attribute = CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
  CUresult result = api_.cuCtxGetDevice(&device);
  const auto then = [&result](auto&& call) {
    if (result == CUDA_SUCCESS) result = call();
  };
  then([&] { return api_.cuDeviceGetAttribute(&multiprocessors, attribute, device); });
  then([&] { return api_.cuModuleLoadData(&module_, fib_compare_ptx); });
  then([&] { return api_.cuModuleGetFunction(&kernel_, module_, "fib_compare"); });
  then([&] { return api_.cuStreamCreate(&copy_stream_, CU_STREAM_NON_BLOCKING); });
  most_blocks_ = kBlocksPerMultiprocessor * static_cast<unsigned>(std::max(multiprocessors, 1));
  return result;
}

CUresult ContextScratch::allocate(std::size_t bytes) noexcept {
  constexpr std::size_t kUnits = ScratchUnits::kUnits;
  constexpr std::size_t kSums = kUnits * sizeof(CompareScratch);
  constexpr std::size_t kReports = kUnits * sizeof(CompareReport);
  void* reports = nullptr;
  CUresult result = CUDA_ERROR_OUT_OF_MEMORY;
  for (; bytes >= kSmallest && result == CUDA_ERROR_OUT_OF_MEMORY; bytes /= 2) {
    unit_bytes_ = bytes / kUnits / kUnitAlignment * kUnitAlignment;
    result = api_.cuMemAlloc_v2(&memory_, unit_bytes_ * kUnits);
  }
  const auto then = [&result](auto&& call) {
    if (result == CUDA_SUCCESS) result = call();
  };
  then([&] { return api_.cuMemAlloc_v2(&sums_, kSums); });
  then([&] { return api_.cuMemsetD8Async(sums_, 0, kSums, copy_stream_); });
  then([&] {
    return api_.cuMemHostAlloc(&reports, kReports,
                               CU_MEMHOSTALLOC_DEVICEMAP | CU_MEMHOSTALLOC_PORTABLE);
  });
  reports_ = static_cast<CompareReport*>(reports);
  if (reports_ != nullptr) std::fill_n(reports_, kUnits, CompareReport{});
  then([&] { return api_.cuMemHostGetDevicePointer_v2(&device_reports_, reports, 0); });
  return result;
}

/// The kernel came through a compiler in the driver, and everything rests on its result. Two
/// numbers of 16 bits that differ, and a canary zone that is none.
CUresult ContextScratch::self_test() noexcept {
  ShadowSlot* const slot = claim(kUnitAlignment);
  if (slot == nullptr) return CUDA_ERROR_OUT_OF_MEMORY;
  const CUdeviceptr memory = slot->memory, reference = memory + 1024, candidate = memory + 2048;
  CUresult result = api_.cuMemsetD8Async(memory, kCanary, 4096, copy_stream_);
  const auto then = [&result](auto&& call) {
    if (result == CUDA_SUCCESS) result = call();
  };
  then([&] { return api_.cuMemsetD16Async(reference, 0x3C00, 64, copy_stream_); });
  then([&] { return api_.cuMemsetD16Async(candidate, 0x3C00, 64, copy_stream_); });
  then([&] { return api_.cuMemsetD16Async(candidate + 2 * 41, 0x4000, 1, copy_stream_); });
  then([&] { return api_.cuMemsetD8Async(candidate + 128, 0, 1, copy_stream_); });
  slot->plan.count = 1;
  slot->plan.tensors[0] = ShadowTensor{
      0, true, reference, 128, 2048, ShadowTensor::kNowhere, CompareType::Float16, 0.5, 0.5};
  slot->compares = true;
  then([&] { return compare(*slot, copy_stream_); });
  then([&] { return api_.cuStreamSynchronize(copy_stream_); });
  if (result != CUDA_SUCCESS) return result;
  if (!take_report(*slot)) return CUDA_ERROR_INVALID_IMAGE;
  const CompareResult& found = report(*slot).results[0];
  const bool right = found.mismatches == 1 && found.first_bad == 41 && found.canary == 1 &&
                     found.max_absolute == 1.0 && found.max_relative == 1.0;
  free(*slot);
  return right ? CUDA_SUCCESS : CUDA_ERROR_INVALID_IMAGE;
}

void ContextScratch::release() noexcept {
  if (memory_ != 0) (void)api_.cuMemFree_v2(memory_);
  if (sums_ != 0) (void)api_.cuMemFree_v2(sums_);
  if (reports_ != nullptr) (void)api_.cuMemFreeHost(reports_);
  if (copy_stream_ != nullptr) (void)api_.cuStreamDestroy_v2(copy_stream_);
  if (module_ != nullptr) (void)api_.cuModuleUnload(module_);
  memory_ = sums_ = device_reports_ = 0;
  reports_ = nullptr;
  copy_stream_ = nullptr;
  module_ = nullptr;
  kernel_ = nullptr;
  for (ShadowSlot& slot : slots_) {
    if (!slot.is(State::Free)) free(slot);
  }
}

ShadowSlot* ContextScratch::claim(std::uint64_t bytes) noexcept {
  const auto count = static_cast<unsigned>((bytes + unit_bytes_ - 1) / unit_bytes_);
  const unsigned first = units_.claim(std::max(count, 1u));
  if (first == ScratchUnits::kNone) return nullptr;
  ShadowSlot& slot = slots_[first];
  slot.units = std::max(count, 1u);
  slot.memory = memory_ + first * unit_bytes_;
  slot.compares = false;
  slot.candidate_error = CUDA_SUCCESS;
  slot.sequence = last_sequence_.fetch_add(1, std::memory_order_relaxed) + 1;
  slot.set(State::Filling);
  return &slot;
}

void ContextScratch::free(ShadowSlot& slot) noexcept {
  const unsigned units = slot.units;
  slot.generation.store(nullptr, std::memory_order_relaxed);
  slot.set(State::Free);
  units_.release(static_cast<unsigned>(number(slot)), units);
}

CUresult ContextScratch::compare(ShadowSlot& slot, CUstream stream) noexcept {
  CompareJob job{};
  for (std::size_t i = 0; slot.compares && i < slot.plan.count; ++i) {
    const ShadowTensor& tensor = slot.plan.tensors[i];
    if (!tensor.is_output) continue;
    job.tasks[job.count++] = {tensor.live,
                              slot.address(tensor.scratch),
                              tensor.bytes / compare_size(tensor.type),
                              tensor.type,
                              0,
                              tensor.max_absolute,
                              tensor.max_relative};
  }
  job.scratch = sums_ + number(slot) * sizeof(CompareScratch);
  job.report = device_reports_ + number(slot) * sizeof(CompareReport);
  job.sequence = slot.sequence;
  const CUresult result = launch(job, stream);
  slot.set(result == CUDA_SUCCESS ? State::Pending : State::Lost);
  return result;
}

CUresult ContextScratch::launch(const CompareJob& job, CUstream stream) noexcept {
  const CompareWord wanted = (pieces_of(job) + kCompareThreads - 1) / kCompareThreads;
  const auto blocks = static_cast<unsigned>(std::clamp<CompareWord>(wanted, 1, most_blocks_));
  CompareJob parameter = job;
  void* params[] = {&parameter};
  return api_.cuLaunchKernel(kernel_, blocks, 1, 1, kCompareThreads, 1, 1, 0, stream, params,
                             nullptr);
}

bool ContextScratch::take_report(ShadowSlot& slot) noexcept {
  std::uint64_t word = slot.word.load(std::memory_order_acquire);
  if (ShadowSlot::state_of(word) != State::Pending) return false;
  const CompareWord* const written = &reports_[number(slot)].sequence;
  if (__atomic_load_n(written, __ATOMIC_ACQUIRE) != ShadowSlot::sequence_of(word)) return false;
  const std::uint64_t reading =
      (word & ~std::uint64_t{7}) | static_cast<std::uint64_t>(State::Reading);
  return slot.word.compare_exchange_strong(word, reading, std::memory_order_acquire,
                                           std::memory_order_relaxed);
}

}  // namespace fib::dispatch
