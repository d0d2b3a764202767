// SPDX-License-Identifier: Apache-2.0
// Matrix products of several sizes in one launch: sizes and pointers stand in device memory, as in
// grouped GEMMs of mixture-of-experts models.
#include "check.h"

namespace {

struct Problem {
  int m, n, k;
  const float *a, *b;  // row-major
  float* c;
};

/// One block per row of each product.
__global__ void grouped(const Problem* problems, int count) {
  for (int p = blockIdx.y; p < count; p += int(gridDim.y)) {
    const Problem& q = problems[p];
    for (int row = blockIdx.x; row < q.m; row += int(gridDim.x)) {
      for (int column = threadIdx.x; column < q.n; column += int(blockDim.x)) {
        float sum = 0;
        for (int i = 0; i < q.k; ++i) sum += q.a[row * q.k + i] * q.b[i * q.n + column];
        q.c[row * q.n + column] += sum;
      }
    }
  }
}

float* filled(std::size_t count, float value) {
  auto* data = device_zeros<float>(count);
  const std::vector<float> values(count, value);
  CHECK_RT(cudaMemcpy(data, values.data(), count * sizeof(float), cudaMemcpyHostToDevice));
  return data;
}

}  // namespace

int main() {
  std::vector<Problem> problems;
  for (int i = 1; i <= 6; ++i) {
    const int m = 16 * i, n = 32 + i, k = 8 * i;
    problems.push_back({m, n, k, filled(std::size_t(m) * k, 1),
                        filled(std::size_t(k) * n, float(i)),
                        device_zeros<float>(std::size_t(m) * n)});
  }
  auto* table = device_zeros<Problem>(problems.size());
  CHECK_RT(cudaMemcpy(table, problems.data(), problems.size() * sizeof(Problem),
                      cudaMemcpyHostToDevice));
  for (int i = 0; i < 10; ++i) grouped<<<dim3(16, 4), 64>>>(table, int(problems.size()));
  CHECK_RT(cudaGetLastError());
  for (std::size_t i = 0; i < problems.size(); ++i) {
    const Problem& p = problems[i];
    const float expected = 10.0f * float(p.k) * float(i + 1);
    CHECK(all_equal(to_host(p.c, std::size_t(p.m) * p.n), expected));
  }
  return succeed();
}
