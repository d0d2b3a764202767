// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

#include "recorder_test.h"

namespace fib::recorder::test {

/// Functions, kernels and what they were loaded from, by small numbers.
class KernelTest : public RecorderTest {
 protected:
  Kernels& kernels() { return recorder().kernels; }
  /// A module or library, seen when it was loaded.
  void load(std::uintptr_t container, bool is_library = false) {
    recorder().loads.loaded({driver::Api::cuModuleLoadData,
                             handle<void*>(container),
                             "// an image",
                             nullptr,
                             is_library,
                             {},
                             {}});
  }
  static FakeDriver::Function& function(std::uintptr_t number, const char* name,
                                        std::uintptr_t module) {
    FakeDriver::Function& f = fake().functions[handle<void*>(number)];
    f = {};
    f.name = name;
    f.module = handle<CUmodule>(module);
    f.params = {{0, 8}, {8, 4}};
    return f;
  }
  static FakeDriver::Function& library_kernel(std::uintptr_t number, const char* name,
                                              std::uintptr_t library) {
    FakeDriver::Function& f = function(number, name, 0);
    f.library = handle<CUlibrary>(library);
    f.is_kernel = true;
    return f;
  }
  const KernelInfo& find(std::uintptr_t number) {
    const KernelInfo* info = kernels().find(handle<CUfunction>(number));
    if (info == nullptr) throw std::runtime_error("a kernel was not identified");
    return *info;
  }
};

}  // namespace fib::recorder::test
