// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda.h>

#include <cstddef>
#include <vector>

#include "support/check.h"

namespace fib::test {

/// Device memory for `count` values between canaries. Starts as zeros; the canaries are checked
/// when it is read and when it goes.
template <class T>
class Guarded {
 public:
  explicit Guarded(std::size_t count) : bytes_(count * sizeof(T)) {
    CU(cuMemAlloc(&base_, bytes_ + 2 * kCanary));
    CU(cuMemsetD8(base_, kPattern, bytes_ + 2 * kCanary));
    CU(cuMemsetD8(address(), 0, bytes_));
    CU(cuCtxSynchronize());  // streams that do not wait for the default stream may use it now
  }
  ~Guarded() {
    check();
    CU(cuMemFree(base_));
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  CUdeviceptr address() const { return base_ + kCanary; }
  T* data() const { return reinterpret_cast<T*>(address()); }
  std::size_t bytes() const { return bytes_; }

  std::vector<T> read() const {
    check();
    std::vector<T> values(bytes_ / sizeof(T));
    CU(cuMemcpyDtoH(values.data(), address(), bytes_));
    return values;
  }
  T first() const { return read().front(); }

  void check() const {
    std::vector<unsigned char> all(bytes_ + 2 * kCanary);
    CU(cuMemcpyDtoH(all.data(), base_, all.size()));
    for (std::size_t i = 0; i < kCanary; ++i) {
      FIB_CHECK(all[i] == kPattern);
      FIB_CHECK(all[kCanary + bytes_ + i] == kPattern);
    }
  }

 private:
  static constexpr std::size_t kCanary = 256;
  static constexpr unsigned char kPattern = 0xc5;
  std::size_t bytes_;
  CUdeviceptr base_ = 0;
};

}  // namespace fib::test
