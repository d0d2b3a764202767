// SPDX-License-Identifier: Apache-2.0
// The page hash as the driver compiles it from pages/page_hash.ptx: equal to the CPU's for random,
// zero and patterned pages, at 16-byte and 8-byte alignment, for any number of pages; and its
// speed. (That the CPU's is XXH3-128 is what tests/unit/pages shows.)
#include <algorithm>
#include <cstring>

#include "driver_check.h"
#include "pages/page_hash_core.h"

namespace {

using fib::pages::Word;

constexpr std::size_t kPageBytes = 65536, kPageWords = kPageBytes / sizeof(Word);
constexpr std::size_t kMostPages = 131072;  // 8 GiB
constexpr unsigned kTable = 65536;          // pages per launch, as GpuHasher does it

struct Digest {
  unsigned char bytes[16];
};

__global__ void fill_random(Word* words, std::size_t count) {
  const std::size_t step = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step) {
    Word word = (i + 1) * 0x9E3779B97F4A7C15;
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9;
    words[i] = word ^ word >> 27;
  }
}

void put_big_endian(Word value, unsigned char* out) {
  for (int i = 0; i < 8; ++i) out[i] = static_cast<unsigned char>(value >> (56 - 8 * i));
}

Digest on_cpu(const std::vector<Word>& page) {
  using namespace fib::pages;
  const PageHashKeys keys = page_hash_keys();
  std::vector<Word> sums(kSums);
  const auto load = [&page](unsigned i, Word& a, Word& b) {
    a = page[i];
    b = page[i + 1];
  };
  for (unsigned thread = 0; thread < kHashThreads; ++thread)
    sum_block(keys, thread, load, sums.data());
  Word lanes[kLanes];
  for (unsigned lane = 0; lane < kLanes; ++lane) lanes[lane] = chain(keys, lane, sums.data());
  Digest digest;
  put_big_endian(high_half(keys, lanes), digest.bytes);
  put_big_endian(low_half(keys, lanes), digest.bytes + 8);
  return digest;
}

class Hasher {
 public:
  Hasher() {
    CUmodule module = nullptr;
    CHECK_DRV(cuModuleLoadData(&module, image("page_hash.ptx").data()));
    kernel_ = function(module, "fib_page_hash");
    int multiprocessors = 0;
    CHECK_DRV(cuDeviceGetAttribute(&multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 0));
    most_blocks_ = 4 * static_cast<unsigned>(multiprocessors);
    CHECK_RT(cudaHostAlloc(&addresses, kTable * sizeof *addresses, cudaHostAllocMapped));
    CHECK_RT(cudaHostAlloc(&digests, kTable * sizeof *digests, cudaHostAllocMapped));
  }
  /// Of the first `count` addresses; does not wait.
  void launch(unsigned count) {
    void* params[] = {&addresses, &digests, &count};
    CHECK_DRV(cuLaunchKernel(kernel_, std::min(count, most_blocks_), 1, 1, fib::pages::kHashThreads,
                             1, 1, 0, nullptr, params, nullptr));
  }

  CUdeviceptr* addresses = nullptr;
  Digest* digests = nullptr;

 private:
  CUfunction kernel_ = nullptr;
  unsigned most_blocks_ = 0;
};

void check_page(const Hasher& hasher, unsigned i) {
  std::vector<Word> page(kPageWords);
  CHECK_DRV(cuMemcpyDtoH(page.data(), hasher.addresses[i], kPageBytes));
  const Digest expected = on_cpu(page);
  CHECK(std::memcmp(&expected, &hasher.digests[i], sizeof expected) == 0);
}

/// Pages of the memory in an order that jumps about.
void check_some(Hasher& hasher, CUdeviceptr memory, std::size_t pages, unsigned count,
                std::size_t shift) {
  for (unsigned i = 0; i < count; ++i)
    hasher.addresses[i] = memory + i * 7919ull % (pages - 1) * kPageBytes + shift;
  std::memset(hasher.digests, 0, count * sizeof(Digest));
  hasher.launch(count);
  CHECK_DRV(cuCtxSynchronize());
  const unsigned step = std::max(1u, count / 97);
  for (unsigned i = 0; i < count; i += step) check_page(hasher, i);
  check_page(hasher, count - 1);
}

void check_contents(Hasher& hasher, CUdeviceptr memory, std::size_t pages) {
  for (const std::size_t shift : {0, 8, 16, 1024, 4104}) {
    for (const unsigned count : {1u, 2u, 3u, 5u, 131u, 528u, 529u, 2113u, kTable})
      check_some(hasher, memory, pages, count, shift);
  }
  CHECK_DRV(cuMemsetD8(memory, 0, 4 * kPageBytes));
  check_some(hasher, memory, 4, 3, 0);
  CHECK_DRV(cuMemsetD32(memory, 0xffffffff, 4 * kPageBytes / 4));
  check_some(hasher, memory, 4, 3, 0);
  CHECK_DRV(cuMemsetD16(memory, 0x3f80, 4 * kPageBytes / 2));
  check_some(hasher, memory, 4, 3, 8);
}

float milliseconds(Hasher& hasher, std::size_t pages) {
  cudaEvent_t begin = nullptr, end = nullptr;
  float elapsed = 0;
  CHECK_RT(cudaEventCreate(&begin));
  CHECK_RT(cudaEventCreate(&end));
  CHECK_RT(cudaEventRecord(begin));
  for (std::size_t done = 0; done < pages; done += kTable)
    hasher.launch(static_cast<unsigned>(std::min<std::size_t>(kTable, pages - done)));
  CHECK_RT(cudaEventRecord(end));
  CHECK_RT(cudaEventSynchronize(end));
  CHECK_RT(cudaEventElapsedTime(&elapsed, begin, end));
  return elapsed;
}

void print_speed(Hasher& hasher, CUdeviceptr memory, std::size_t pages) {
  // Both launches read the same table, so of 8 GiB the first half twice: far beyond any cache.
  for (std::size_t i = 0; i < std::min<std::size_t>(pages, kTable); ++i)
    hasher.addresses[i] = memory + i * kPageBytes;
  float best = milliseconds(hasher, pages);
  for (int i = 0; i < 10; ++i) best = std::min(best, milliseconds(hasher, pages));
  const double bytes = static_cast<double>(pages) * kPageBytes;
  std::printf("%.1f GiB in %.3f ms: %.2f TB/s\n", bytes / (1 << 30), best, bytes / best / 1e9);
}

}  // namespace

int main() {
  use_primary_context();
  std::size_t free_bytes = 0, total_bytes = 0;
  CHECK_DRV(cuMemGetInfo(&free_bytes, &total_bytes));
  const std::size_t pages = std::min(kMostPages, free_bytes / 2 / kPageBytes);
  if (pages < 256) return skip("less than 32 MiB of GPU memory are free");
  CUdeviceptr memory = 0;
  CHECK_DRV(cuMemAlloc(&memory, pages * kPageBytes));
  fill_random<<<1024, 256>>>(reinterpret_cast<Word*>(memory), pages * kPageWords);
  CHECK_RT(cudaDeviceSynchronize());
  Hasher hasher;
  print_speed(hasher, memory, pages);
  check_contents(hasher, memory, pages);
  return succeed();
}
