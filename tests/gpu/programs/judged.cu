// SPDX-License-Identifier: Apache-2.0
// judged [stir]: the kernels that the zoo of tests/gpu/zoo replaces, each with two shapes, launched
// eagerly and in a captured graph: the target of scripts/gpu_judge. With `stir` the larger zoo_stir
// alone. Checks its own results against the host.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include "../zoo/zoo.h"
#include "check.h"

/// out = 2 * in + 1, after work that comes to nothing.
extern "C" __global__ void zoo_stir(float* out, const float* in, int* spare, int n, int rounds) {
  if (const int i = zoo_index(); i < n) zoo_stir_one(out, in, spare, i, rounds);
}

/// x += y
extern "C" __global__ void zoo_add(float* x, const float* y, int n) {
  if (const int i = zoo_index(); i < n) x[i] += y[i];
}

/// Sums of rows, one per block.
extern "C" __global__ void zoo_row_sums(float* out, const float* in, int rows, int width) {
  const int row = int(blockIdx.x);
  const float sum = zoo_row_sum(in + (long long)row * width, width);
  if (row < rows && threadIdx.x == 0) out[row] = sum;
}

/// RMSNorm, a row per block.
extern "C" __global__ void zoo_norm(unsigned short* out, const unsigned short* in,
                                    const unsigned short* weight, float epsilon, int hidden) {
  zoo_norm_row(out, in, weight, epsilon, hidden, int(blockIdx.x));
}

namespace {

constexpr int kRounds = 1500;  // how long stir works: so that it takes longer than its memory
constexpr int kPad = 1024;     // values in front of stir's output, in its allocation
constexpr float kEpsilon = 1e-5f;

/// Numbers in [-1, 1), without a pattern.
float value_at(unsigned i) {
  i = (i ^ 61u ^ (i >> 16)) * 9u;
  i = (i ^ (i >> 4)) * 0x27d4eb2du;
  return float((i ^ (i >> 15)) & 0xffff) / 32768.0f - 1.0f;
}

float widened(unsigned short b) {
  const std::uint32_t bits = std::uint32_t(b) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

unsigned short narrowed(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<unsigned short>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

template <class T>
T* to_device(const std::vector<T>& values) {
  T* device = device_zeros<T>(values.size());
  CHECK_RT(cudaMemcpy(device, values.data(), sizeof(T) * values.size(), cudaMemcpyHostToDevice));
  return device;
}

std::vector<float> values(std::size_t count, unsigned from) {
  std::vector<float> made(count);
  for (std::size_t i = 0; i < count; ++i) made[i] = value_at(from + unsigned(i));
  return made;
}

unsigned blocks(int n) { return unsigned(n + kZooThreads - 1) / kZooThreads; }

bool near(double got, double expected, double bound) {
  return std::abs(got - expected) <= bound * std::max(1.0, std::abs(expected));
}

/// One allocation: a pad, the output, an answer that was computed before, the input.
struct Stir {
  int n;
  std::vector<float> in;
  float* all = nullptr;
  int* spare = nullptr;

  explicit Stir(int size) : n(size), in(values(std::size_t(size), 1)) {
    all = device_zeros<float>(std::size_t(kPad) + 3 * std::size_t(n));
    spare = device_zeros<int>(256);
    std::vector<float> answer(in);
    for (float& value : answer) value = 2 * value + 1;
    CHECK_RT(cudaMemcpy(out() + n, answer.data(), 4 * answer.size(), cudaMemcpyHostToDevice));
    CHECK_RT(cudaMemcpy(out() + 2 * n, in.data(), 4 * in.size(), cudaMemcpyHostToDevice));
  }
  float* out() const { return all + kPad; }

  void launch(cudaStream_t stream) {
    zoo_stir<<<blocks(n), kZooThreads, 0, stream>>>(out(), out() + 2 * n, spare, n, kRounds);
  }
  void check() const {
    const auto got = to_host(out(), std::size_t(n));
    for (int i = 0; i < n; ++i) CHECK(got[i] == 2 * in[i] + 1);
  }
};

struct Add {
  int n, launches = 0;
  std::vector<float> x, y;
  float *device_x, *device_y;

  explicit Add(int size)
      : n(size),
        x(values(std::size_t(size), 2)),
        y(values(std::size_t(size), 3)),
        device_x(to_device(x)),
        device_y(to_device(y)) {}

  void launch(cudaStream_t stream) {
    zoo_add<<<blocks(n), kZooThreads, 0, stream>>>(device_x, device_y, n);
  }
  void check(int times) const {
    const auto got = to_host(device_x, std::size_t(n));
    for (int i = 0; i < n; ++i) CHECK(near(got[i], x[i] + double(times) * y[i], 1e-4));
  }
};

struct Sums {
  int rows, width;
  std::vector<float> in;
  float *device_in, *device_out;

  Sums(int r, int w)
      : rows(r),
        width(w),
        in(values(std::size_t(r) * w, 4)),
        device_in(to_device(in)),
        device_out(device_zeros<float>(std::size_t(r))) {}

  void launch(cudaStream_t stream) {
    zoo_row_sums<<<unsigned(rows), kZooThreads, 0, stream>>>(device_out, device_in, rows, width);
  }
  void check() const {
    const auto got = to_host(device_out, std::size_t(rows));
    for (int row = 0; row < rows; ++row) {
      double sum = 0;
      for (int i = 0; i < width; ++i) sum += in[std::size_t(row) * width + i];
      CHECK(near(got[row], sum, 1e-3));
    }
  }
};

struct Norm {
  int rows, hidden;
  std::vector<unsigned short> in, weight;
  unsigned short *device_in, *device_weight, *device_out;

  Norm(int r, int h) : rows(r), hidden(h), in(std::size_t(r) * h), weight(std::size_t(h)) {
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = narrowed(value_at(unsigned(i)));
    for (int i = 0; i < hidden; ++i) weight[i] = narrowed(1.25f + value_at(7u * i) / 4);
    device_in = to_device(in);
    device_weight = to_device(weight);
    device_out = device_zeros<unsigned short>(in.size());
  }
  void launch(cudaStream_t stream) {
    zoo_norm<<<unsigned(rows), kZooThreads, 0, stream>>>(device_out, device_in, device_weight,
                                                         kEpsilon, hidden);
  }
  void check() const {
    const auto got = to_host(device_out, in.size());
    for (int row = 0; row < rows; ++row) {
      const std::size_t begin = std::size_t(row) * hidden;
      double sum = 0;
      for (int i = 0; i < hidden; ++i) sum += std::pow(widened(in[begin + i]), 2);
      const double scale = 1 / std::sqrt(sum / hidden + kEpsilon);
      for (int i = 0; i < hidden; ++i)
        CHECK(near(widened(got[begin + i]), widened(in[begin + i]) * scale * widened(weight[i]),
                   1.6e-2));
    }
  }
};

struct All {
  Stir small_stir, stir;
  Add small_add, add;
  Sums small_sums, sums;
  Norm small_norm, norm;

  All()
      : small_stir(5000),
        stir(1 << 20),
        small_add(3000),
        add(1 << 18),
        small_sums(1, 4000),
        sums(2048, 4096),
        small_norm(32, 4096),
        norm(512, 4096) {}

  void launch(cudaStream_t stream) {
    small_stir.launch(stream);
    stir.launch(stream);
    small_add.launch(stream);
    add.launch(stream);
    small_sums.launch(stream);
    sums.launch(stream);
    small_norm.launch(stream);
    norm.launch(stream);
    CHECK_RT(cudaGetLastError());
  }
  void check(int times) const {
    for (const Stir* one : {&small_stir, &stir}) one->check();
    for (const Add* one : {&small_add, &add}) one->check(times);
    for (const Sums* one : {&small_sums, &sums}) one->check();
    for (const Norm* one : {&small_norm, &norm}) one->check();
  }
};

/// Launched as one graph, `times` times.
void captured(All& all, cudaStream_t stream, int times) {
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  CHECK_RT(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  all.launch(stream);
  CHECK_RT(cudaStreamEndCapture(stream, &graph));
  CHECK_RT(cudaGraphInstantiate(&exec, graph, 0));
  for (int i = 0; i < times; ++i) CHECK_RT(cudaGraphLaunch(exec, stream));
  CHECK_RT(cudaStreamSynchronize(stream));
  CHECK_RT(cudaGraphExecDestroy(exec));
  CHECK_RT(cudaGraphDestroy(graph));
}

}  // namespace

int main(int argc, char** argv) {
  cudaStream_t stream;
  CHECK_RT(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  if (argc > 1 && std::string(argv[1]) == "stir") {
    Stir stir(1 << 20);
    CHECK_RT(cudaDeviceSynchronize());
    for (int i = 0; i < 3; ++i) stir.launch(stream);
    stir.check();
    return succeed();
  }
  All all;
  CHECK_RT(cudaDeviceSynchronize());
  for (int i = 0; i < 3; ++i) all.launch(stream);
  captured(all, stream, 4);
  all.check(7);
  return succeed();
}
