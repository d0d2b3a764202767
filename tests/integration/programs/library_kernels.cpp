// SPDX-License-Identifier: Apache-2.0
// Libraries: a CUkernel launched as a CUfunction, the CUfunction made from it, lazily loaded code.
#include <cstdio>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

CUlibrary load(const char* name) {
  std::vector<char> bytes = image(name);
  CUlibrary library = nullptr;
  CU(cuLibraryLoadData(&library, bytes.data(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  bytes.assign(bytes.size(), '\0');  // the image is ours again as soon as the call returns
  return library;
}

}  // namespace

int main() {
  start();
  const CUlibrary library = load("it_basic"), unused = load("it_mark_a");
  {
    Guarded<int> a(64);
    const Shape shape{{1, 1, 1}, {64, 1, 1}};
    CUkernel kernel = nullptr;
    CU(cuLibraryGetKernel(&kernel, library, kAdd));
    const auto as_function = reinterpret_cast<CUfunction>(kernel);
    for (int i = 0; i < 10; ++i) launch(as_function, kAdd, shape, nullptr, a.data(), 64, 1);

    CUfunction function = nullptr;
    CU(cuKernelGetFunction(&function, kernel));
    launch(function, kAdd, shape, nullptr, a.data(), 64, 100);

    CUmodule module = nullptr;
    CU(cuLibraryGetModule(&module, library));
    CUfunction twice = nullptr;
    CU(cuModuleGetFunction(&twice, module, kTwice));
    launch(twice, kTwice, shape, nullptr, a.data(), 64);

    CUdevice device = 0;
    CU(cuCtxGetDevice(&device));
    CU(cuKernelSetAttribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 70000, kernel,
                            device));
    launch(as_function, kAdd, Shape{{1, 1, 1}, {64, 1, 1}, 65536}, nullptr, a.data(), 64, 5);
    CU(cuCtxSynchronize());
    for (const int value : a.read()) FIB_CHECK(value == 225);
    std::printf("%d\n", a.first());
  }
  CU(cuLibraryUnload(library));
  CU(cuLibraryUnload(unused));
  return finish();
}
