// SPDX-License-Identifier: Apache-2.0
// Loads, launches and unloads in a loop. The driver gives the same handles out again, for other
// code: each launch must be recorded as the kernel that it is, with the image that it came from.
#include <set>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

std::set<CUfunction> handles;

void round(const char* image_name, const char* extra_kernel, char mark) {
  Guarded<int> out(1);
  Module module(image_name);
  const CUfunction function = module.function(kMark);
  handles.insert(function);
  launch(function, kMark, Shape{}, nullptr, out.data());
  CU(cuCtxSynchronize());
  FIB_CHECK(out.first() == mark);
  // Another order of the look-ups: what was `mark`'s handle may now be this kernel's.
  const CUfunction other = module.function(extra_kernel);
  handles.insert(other);
  launch(other, extra_kernel, Shape{}, nullptr, out.data());
  CU(cuCtxSynchronize());
  FIB_CHECK(out.first() == mark + 1);
}

void swapped(const char* image_name, const char* extra_kernel) {
  Guarded<int> out(1);
  Module module(image_name);
  const CUfunction other = module.function(extra_kernel);
  handles.insert(other);
  launch(other, extra_kernel, Shape{}, nullptr, out.data());
  CU(cuCtxSynchronize());
  FIB_CHECK(out.first() == 1);
}

void library_round(const char* image_name, const char* extra_kernel, char mark) {
  Guarded<int> out(1);
  const std::vector<char> bytes = image(image_name);
  CUlibrary library = nullptr;
  CU(cuLibraryLoadData(&library, bytes.data(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  CUkernel kernels[2] = {};
  CU(cuLibraryGetKernel(&kernels[0], library, kMark));
  CU(cuLibraryGetKernel(&kernels[1], library, extra_kernel));
  launch(reinterpret_cast<CUfunction>(kernels[0]), kMark, Shape{}, nullptr, out.data());
  launch(reinterpret_cast<CUfunction>(kernels[1]), extra_kernel, Shape{}, nullptr, out.data());
  CU(cuCtxSynchronize());
  FIB_CHECK(out.first() == mark + 1);
  CU(cuLibraryUnload(library));
}

}  // namespace

int main() {
  start();
  for (int i = 0; i < 20; ++i) {
    round("it_mark_a", kOnlyA, 'a');
    round("it_mark_b", kOnlyB, 'b');
    swapped("it_mark_b", kOnlyB);
    swapped("it_mark_a", kOnlyA);
    library_round("it_mark_b", kOnlyB, 'b');
    library_round("it_mark_a", kOnlyA, 'a');
  }
  // 200 functions were looked up; the test is worth something only if handles came back.
  FIB_CHECK(handles.size() < 100);
  return finish();
}
