// SPDX-License-Identifier: Apache-2.0
// Entry point as libFuzzer wants it. The input is an image, in which kernels are looked for.
#include <cstdio>
#include <cstdlib>
#include <span>

#include "registry/code/device_code.h"

namespace {

using namespace fib::code;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "fuzz_code: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes image = std::as_bytes(std::span(data, size));
  constexpr ComputeCapability kGpu{9, 0};
  (void)variables(image);
  (void)is_relocatable(image);
  const CodeHashes hashes(image, kGpu);
  for (const DeviceCode& code : device_code(image, kGpu)) {
    for (const KernelText& kernel : kernel_texts(code.bytes)) {
      const std::string name(kernel.name);
      require(hashes.find(name) == code_hash(image, name, kGpu), "two hashes of one kernel");
      require(code_of(image, name, kGpu).has_value(), "a kernel that was listed is not found");
    }
  }
  return 0;
}
