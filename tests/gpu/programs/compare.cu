// SPDX-License-Identifier: Apache-2.0
// The comparison of shadow verification as the driver compiles it from
// dispatch/kernels/compare.ptx: it says what the CPU says, for every type, at any place within a
// piece, for several outputs at once; it leaves its sums as it found them; and its speed. (That the
// CPU's is right is what tests/unit/dispatch_shadow shows.)
#include <algorithm>
#include <memory>
#include <random>

#include "dispatch/kernels/compare_core.h"
#include "driver_check.h"

namespace {

using namespace fib::dispatch;

/// Memory on the host and its copy on the GPU.
struct Buffer {
  explicit Buffer(std::size_t bytes) : host(bytes + 64, kCanary) {
    CHECK_DRV(cuMemAlloc(&device, host.size()));
  }
  ~Buffer() { CHECK_DRV(cuMemFree(device)); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  /// Where the CPU finds what the GPU has at `device`: equally aligned.
  unsigned char* begin() {
    const auto address = reinterpret_cast<std::size_t>(host.data());
    return host.data() + (16 - address % 16) % 16;
  }
  void upload() { CHECK_DRV(cuMemcpyHtoD(device, begin(), host.size() - 16)); }

  std::vector<unsigned char> host;
  CUdeviceptr device = 0;
};

class Comparer {
 public:
  Comparer() {
    CUmodule module = nullptr;
    CHECK_DRV(cuModuleLoadData(&module, image("compare.ptx").data()));
    kernel_ = function(module, "fib_compare");
    CHECK_DRV(cuMemAlloc(&sums_, sizeof(CompareScratch)));
    CHECK_DRV(cuMemsetD8(sums_, 0, sizeof(CompareScratch)));
    CHECK_RT(cudaHostAlloc(&report, sizeof *report, cudaHostAllocMapped));
    *report = {};
  }
  void launch(CompareJob job, unsigned blocks) {
    job.scratch = sums_;
    job.report = reinterpret_cast<CompareWord>(report);
    job.sequence = ++sequence;
    void* params[] = {&job};
    CHECK_DRV(
        cuLaunchKernel(kernel_, blocks, 1, 1, kCompareThreads, 1, 1, 0, nullptr, params, nullptr));
  }
  void check_zero() {
    std::vector<unsigned char> bytes(sizeof(CompareScratch));
    CHECK_DRV(cuMemcpyDtoH(bytes.data(), sums_, bytes.size()));
    CHECK(std::all_of(bytes.begin(), bytes.end(), [](unsigned char byte) { return byte == 0; }));
  }

  CompareReport* report = nullptr;
  CompareWord sequence = 0;

 private:
  CUfunction kernel_ = nullptr;
  CUdeviceptr sums_ = 0;
};

CompareResult on_cpu(const CompareTask& task) {
  CompareSums sums{};
  for (CompareWord i = 0; i < compare_chunks(task); ++i) compare_chunk(task, i, sums);
  for (unsigned i = 0; i < 2 * kCanaryBytes; ++i) compare_canary(task, i, sums);
  return sums.result();
}

bool same(const CompareResult& a, const CompareResult& b) {
  return a.mismatches == b.mismatches && a.special == b.special && a.first_bad == b.first_bad &&
         a.canary == b.canary && a.max_absolute == b.max_absolute &&
         a.max_relative == b.max_relative;
}

/// One output with some differences, twice: as the CPU and as the GPU addresses it.
struct Output {
  Output(std::mt19937_64& random, CompareType type, std::size_t elements)
      : reference(elements * compare_size(type) + 16),
        candidate(elements * compare_size(type) + 16 + 2 * kCanaryBytes) {
    const std::size_t size = compare_size(type), bytes = elements * size;
    const std::size_t skew = random() % (16 / size) * size;
    unsigned char* const a = reference.begin() + skew;
    unsigned char* const b = candidate.begin() + kCanaryBytes + skew;
    for (std::size_t i = 0; i < bytes; ++i) a[i] = static_cast<unsigned char>(random());
    std::copy_n(a, bytes, b);
    const std::size_t step = random() % 3 == 0 ? 1 + random() % 50 : 1 + random() % (bytes + 1);
    for (std::size_t i = random() % (bytes + 1); i < bytes; i += step)
      b[i] ^= static_cast<unsigned char>(1u << random() % 8);
    if (random() % 4 == 0) b[bytes + random() % kCanaryBytes] ^= 1;
    if (random() % 4 == 0) *(b - 1 - random() % kCanaryBytes) ^= 1;
    reference.upload();
    candidate.upload();
    constexpr double kTolerances[] = {0, 1e-4, 0.01, 3, 1e9};
    cpu = {reinterpret_cast<CompareWord>(a), reinterpret_cast<CompareWord>(b), elements, type, 0,
           kTolerances[random() % 5],        kTolerances[random() % 5]};
    gpu = cpu;
    gpu.reference = reference.device + skew;
    gpu.candidate = candidate.device + kCanaryBytes + skew;
  }

  Buffer reference, candidate;
  CompareTask cpu{}, gpu{};
};

void check_one(Comparer& comparer, std::mt19937_64& random) {
  std::vector<std::unique_ptr<Output>> outputs;
  CompareJob job{};
  for (job.count = 0; job.count < 1 + random() % kCompareOutputs;) {
    const auto type = static_cast<CompareType>(random() % kCompareTypes);
    const std::size_t elements = random() % 4 == 0 ? random() % 300000 : random() % 2000;
    outputs.push_back(std::make_unique<Output>(random, type, elements));
    job.tasks[job.count++] = outputs.back()->gpu;
  }
  comparer.launch(job, static_cast<unsigned>(1 + random() % 600));
  CHECK_DRV(cuCtxSynchronize());
  CHECK(comparer.report->sequence == comparer.sequence);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    CHECK(same(comparer.report->results[i], on_cpu(outputs[i]->cpu)));
}

/// Of two equal outputs of 1 GiB of bfloat16, and of two that differ a little everywhere.
void print_speed(Comparer& comparer) {
  constexpr std::size_t kBytes = std::size_t{1} << 30;
  CUdeviceptr reference = 0, candidate = 0;
  CHECK_DRV(cuMemAlloc(&reference, kBytes));
  CHECK_DRV(cuMemAlloc(&candidate, kBytes + 2 * kCanaryBytes));
  CHECK_DRV(cuMemsetD8(candidate, kCanary, kBytes + 2 * kCanaryBytes));
  CHECK_DRV(cuMemsetD16(reference, 0x3F80, kBytes / 2));
  int multiprocessors = 0;
  CHECK_DRV(cuDeviceGetAttribute(&multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 0));
  CompareJob job{};
  job.count = 1;
  job.tasks[0] = {reference, candidate + kCanaryBytes, kBytes / 2, CompareType::BFloat16, 0, 1e-2,
                  1.6e-2};
  cudaEvent_t begin = nullptr, end = nullptr;
  CHECK_RT(cudaEventCreate(&begin));
  CHECK_RT(cudaEventCreate(&end));
  for (const unsigned short value : {0x3F80, 0x3F81}) {
    CHECK_DRV(cuMemsetD16(candidate + kCanaryBytes, value, kBytes / 2));
    float best = 1e9f;
    for (int i = 0; i < 10; ++i) {
      float elapsed = 0;
      CHECK_RT(cudaEventRecord(begin));
      comparer.launch(job, 4u * static_cast<unsigned>(multiprocessors));
      CHECK_RT(cudaEventRecord(end));
      CHECK_RT(cudaEventSynchronize(end));
      CHECK_RT(cudaEventElapsedTime(&elapsed, begin, end));
      best = std::min(best, elapsed);
    }
    CHECK(comparer.report->results[0].mismatches == 0);
    std::printf("2 x 1 GiB, %s: %.3f ms, %.2f TB/s\n", value == 0x3F80 ? "equal" : "all close",
                best, 2.0 * kBytes / best / 1e9);
  }
  CHECK_DRV(cuMemFree(reference));
  CHECK_DRV(cuMemFree(candidate));
}

}  // namespace

int main() {
  use_primary_context();
  std::size_t free_bytes = 0, total_bytes = 0;
  CHECK_DRV(cuMemGetInfo(&free_bytes, &total_bytes));
  if (free_bytes < std::size_t{4} << 30) return skip("less than 4 GiB of GPU memory are free");
  Comparer comparer;
  std::mt19937_64 random(1);
  for (int round = 0; round < 300; ++round) check_one(comparer, random);
  comparer.check_zero();
  print_speed(comparer);
  return succeed();
}
