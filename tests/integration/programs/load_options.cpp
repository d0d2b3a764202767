// SPDX-License-Identifier: Apache-2.0
// Code in each container and by each call, with JIT options; every image is destroyed at once.
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"
#include "tests/sim_driver/fatbin.h"

using namespace fib::test;

namespace {

void use(CUmodule module) {
  Guarded<int> a(1);
  CUfunction add = nullptr;
  CU(cuModuleGetFunction(&add, module, kAdd));
  launch(add, kAdd, Shape{}, nullptr, a.data(), 1, 6);
  CU(cuCtxSynchronize());
  FIB_CHECK(a.first() == 6);
  CU(cuModuleUnload(module));
}

void with_jit_options(const std::vector<char>& elf) {
  std::vector<char> bytes = elf, log(512);
  CUjit_option options[] = {CU_JIT_OPTIMIZATION_LEVEL, CU_JIT_INFO_LOG_BUFFER,
                            CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {reinterpret_cast<void*>(3), log.data(), reinterpret_cast<void*>(log.size())};
  CUmodule module = nullptr;
  CU(cuModuleLoadDataEx(&module, bytes.data(), 3, options, values));
  bytes.assign(bytes.size(), '\0');
  use(module);
}

void fat_binary(const std::vector<char>& elf) {
  auto fatbin = fib::sim::make_fatbin(std::as_bytes(std::span(elf)));
  CUmodule module = nullptr;
  CU(cuModuleLoadFatBinary(&module, fatbin.data()));
  use(module);
  auto wrapper = fib::sim::wrap_fatbin(fatbin.data());
  CU(cuModuleLoadData(&module, &wrapper));
  fatbin.assign(fatbin.size(), std::byte{0});
  wrapper = {};
  use(module);
}

void by_path(const std::string& path) {
  CUmodule module = nullptr;
  CU(cuModuleLoad(&module, path.c_str()));
  use(module);
  CUlibrary library = nullptr;
  CU(cuLibraryLoadFromFile(&library, path.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  CUkernel kernel = nullptr;
  CU(cuLibraryGetKernel(&kernel, library, kNothing));
  launch(reinterpret_cast<CUfunction>(kernel), kNothing, Shape{}, nullptr);
  CU(cuLibraryUnload(library));
}

void library_options(const std::vector<char>& elf) {
  std::vector<char> bytes = elf;
  CUjit_option jit[] = {CU_JIT_MAX_REGISTERS};
  void* jit_values[] = {reinterpret_cast<void*>(64)};
  CUlibraryOption options[] = {CU_LIBRARY_BINARY_IS_PRESERVED};
  int yes = 1;
  void* values[] = {&yes};
  CUlibrary library = nullptr;
  CU(cuLibraryLoadData(&library, bytes.data(), jit, jit_values, 1, options, values, 1));
  CUkernel kernel = nullptr;
  CU(cuLibraryGetKernel(&kernel, library, kNothing));
  launch(reinterpret_cast<CUfunction>(kernel), kNothing, Shape{}, nullptr);
  CU(cuCtxSynchronize());
  CU(cuLibraryUnload(library));
}

}  // namespace

int main() {
  start();
  const std::vector<char> elf = image("it_basic");
  with_jit_options(elf);
  fat_binary(elf);
  by_path(std::string(std::getenv("FIBTEST_IMAGES")) + "/it_basic.simcubin");
  library_options(elf);
  return finish();
}
