// SPDX-License-Identifier: Apache-2.0
// Every way to pass parameters: structures by value, > 4 KiB, `extra` in both orders, none at all.
// With any argument variables of the module are left alone.
#include <cstdio>
#include <cstring>
#include <memory>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

void structure_by_value(const Module& module) {
  Guarded<int> x(100), y(100);
  launch(module.function(kAxpy), kAxpy, Shape{{1, 1, 1}, {128, 1, 1}}, nullptr,
         Axpy{x.data(), y.data(), 100, 3.0});
  CU(cuMemsetD32(x.address(), 7, 100));
  launch(module.function(kAxpy), kAxpy, Shape{{1, 1, 1}, {128, 1, 1}}, nullptr,
         Axpy{x.data(), y.data(), 99, 2.0});
  CU(cuCtxSynchronize());
  const auto values = y.read();
  FIB_CHECK(values[0] == 14 && values[98] == 14 && values[99] == 0);
}

void large(const Module& module) {
  Guarded<std::uint64_t> sum(1);
  auto big = std::make_unique<Big>();
  for (unsigned i = 0; i < 3000; ++i) big->values[i] = i;
  big->sum = sum.data();
  launch(module.function(kBig), kBig, Shape{}, nullptr, *big);
  CU(cuCtxSynchronize());
  FIB_CHECK(sum.first() == 2999ull * 3000 / 2);
}

/// The parameter buffer of `mixed`, as the compiler would lay it out.
struct MixedBuffer {
  char a;
  double b;
  short c;
  int* out;
  float d;
  char e;
};

std::string mixed_text(const MixedBuffer& b) { return params_text(b.a, b.b, b.c, b.out, b.d, b.e); }

void through_extra(const Module& module, bool size_first) {
  Guarded<int> out(1);
  MixedBuffer buffer{};
  buffer.a = 1, buffer.b = 20.5, buffer.c = 300, buffer.out = out.data(), buffer.d = 4000.5f,
  buffer.e = 7;
  std::size_t size = offsetof(MixedBuffer, e) + 1;
  void* pointer_first_list[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &buffer,
                                CU_LAUNCH_PARAM_BUFFER_SIZE, &size, CU_LAUNCH_PARAM_END};
  void* size_first_list[] = {CU_LAUNCH_PARAM_BUFFER_SIZE, &size, CU_LAUNCH_PARAM_BUFFER_POINTER,
                             &buffer, CU_LAUNCH_PARAM_END};
  CU(cuLaunchKernel(module.function(kMixed), 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr,
                    size_first ? size_first_list : pointer_first_list));
  note_launch(kMixed, Shape{}, mixed_text(buffer));
  std::memset(&buffer, 0xee, sizeof(buffer));  // the driver has its copy
  CU(cuCtxSynchronize());
  FIB_CHECK(out.first() == 1 + 20 + 300 + 4000 + 7);
}

void separate_alignments(const Module& module) {
  Guarded<int> out(1);
  launch(module.function(kMixed), kMixed, Shape{}, nullptr, char{2}, 3.0, short{4}, out.data(),
         5.0f, char{6});
  CU(cuCtxSynchronize());
  FIB_CHECK(out.first() == 2 + 3 + 4 + 5 + 6);
}

void none(const Module& basic) {
  const CUfunction nothing = basic.function(kNothing);
  launch(nothing, kNothing, Shape{{3, 1, 1}, {32, 1, 1}}, nullptr);
  CU(cuLaunchKernel(nothing, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  note_launch(kNothing, Shape{}, "");
}

void globals(const Module& module) {
  Guarded<int> out(1);
  CUdeviceptr offset = 0, factor = 0;
  std::size_t bytes = 0;
  CU(cuModuleGetGlobal(&offset, &bytes, module.handle(), "offset"));
  FIB_CHECK(bytes == sizeof(int));
  CU(cuModuleGetGlobal(&factor, nullptr, module.handle(), "factor"));
  CU(cuMemsetD32(offset, 6, 1));
  CU(cuMemsetD32(factor, 7, 1));
  launch(module.function(kGlobal), kGlobal, Shape{}, nullptr, out.data());
  CU(cuCtxSynchronize());
  FIB_CHECK(out.first() == 42);
}

}  // namespace

int main(int argc, char**) {
  start();
  {
    const Module module("it_params"), basic("it_basic");
    structure_by_value(module);
    large(module);
    through_extra(module, false);
    through_extra(module, true);
    separate_alignments(module);
    none(basic);
    if (argc == 1) globals(module);
  }
  return finish();
}
