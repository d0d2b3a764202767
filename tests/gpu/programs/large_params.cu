// SPDX-License-Identifier: Apache-2.0
// Kernel parameters above the old limit of 4 KB, up to the largest that the driver takes (32,764
// bytes).
#include "check.h"

namespace {

template <int kInts>
struct Words {
  int value[kInts];
};

template <int kInts>
__global__ void sum(const __grid_constant__ Words<kInts> words, long long* out) {
  long long total = 0;
  for (int i = 0; i < kInts; ++i) total += words.value[i];
  *out = total;
}

template <int kInts>
void launch_with() {
  static Words<kInts> words;
  long long expected = 0;
  for (int i = 0; i < kInts; ++i) expected += words.value[i] = 3 * i + 1;
  auto* out = device_zeros<long long>(1);
  for (int i = 0; i < 5; ++i) sum<kInts><<<1, 1>>>(words, out);
  CHECK_RT(cudaGetLastError());
  CHECK(to_host(out, 1)[0] == expected);
}

}  // namespace

int main() {
  launch_with<1000>();  // just below 4 KB
  launch_with<2000>();
  launch_with<(32764 - 12) / 4>();  // with the pointer and its alignment: the limit
  return succeed();
}
