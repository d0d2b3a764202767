// SPDX-License-Identifier: Apache-2.0
// A recorded launch allocates nothing: counts calls of the malloc family by the launching thread
// over 1e6 launches after a warm-up, and what the process grows by. Needs FIBSIM_LAUNCH=null.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "support/check.h"
#include "support/image.h"
#include "support/paced_launches.h"
#include "tests/integration/kernels/params.h"

namespace {
thread_local bool counting = false;
thread_local long counted = 0;
void count() { counted += counting; }
}  // namespace

// The program's definitions stand before libc's for every library of the process.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) { return count(), __libc_malloc(size); }
void* calloc(std::size_t n, std::size_t size) { return count(), __libc_calloc(n, size); }
void* realloc(void* p, std::size_t size) { return count(), __libc_realloc(p, size); }
void* memalign(std::size_t align, std::size_t size) {
  return count(), __libc_memalign(align, size);
}
void* aligned_alloc(std::size_t align, std::size_t size) { return memalign(align, size); }
int posix_memalign(void** p, std::size_t align, std::size_t size) {
  *p = memalign(align, size);
  return *p != nullptr ? 0 : ENOMEM;
}
void free(void* p) {
  if (p != nullptr) count();
  __libc_free(p);
}
}

using namespace fib::test;

namespace {
long resident_kib() {
  std::ifstream file("/proc/self/statm");
  long size = 0, resident = 0;
  file >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE) / 1024;
}
}  // namespace

int main() {
  start();
  {
    const Module module("it_basic");
    const CUfunction add = module.function(kAdd);
    CUdeviceptr memory = 0;
    CU(cuMemAlloc(&memory, 64));
    FIB_CHECK(paced_launches(add, nullptr, memory, 200000) == 0);
    const long before = resident_kib();
    counting = true;
    int* volatile noticed = new int(1);
    delete noticed;
    FIB_CHECK(counted == 2);
    counted = 0;
    const int failed = paced_launches(add, nullptr, memory, 1000000);
    counting = false;
    const long grown = resident_kib() - before;
    FIB_CHECK(failed == 0);
    std::fprintf(stderr, "%ld allocations, %ld KiB more\n", counted, grown);
    FIB_CHECK(counted == 0);
    FIB_CHECK(grown < 16 * 1024);
    CU(cuMemFree(memory));
  }
  return finish();
}
