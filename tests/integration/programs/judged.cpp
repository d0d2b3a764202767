// SPDX-License-Identifier: Apache-2.0
// judged: the kernels that the zoo replaces (kernels/it_zoo.cpp), each with two shapes, launched
// eagerly and in a captured graph. Checks what came out.
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/check.h"
#include "support/image.h"
#include "tests/integration/kernels/zoo.h"

using namespace fib::test;

namespace {

constexpr int kPad = 1024;   // values in front of stir's output, in its allocation
constexpr int kRounds = 20;  // of stir's work, per block
constexpr float kEpsilon = 1e-5f;

template <class T>
T* at(CUdeviceptr address) {
  return reinterpret_cast<T*>(address);
}

CUdeviceptr zeros(std::size_t bytes) {
  CUdeviceptr made = 0;
  CU(cuMemAlloc(&made, bytes));
  CU(cuMemsetD8(made, 0, bytes));
  return made;
}

template <class T>
void upload(const T* to, const std::vector<T>& from) {
  CU(cuMemcpyHtoD(reinterpret_cast<CUdeviceptr>(to), from.data(), sizeof(T) * from.size()));
}

template <class T>
std::vector<T> read(const T* from, int count) {
  std::vector<T> values(static_cast<std::size_t>(count));
  CU(cuMemcpyDtoH(values.data(), reinterpret_cast<CUdeviceptr>(from), sizeof(T) * values.size()));
  return values;
}

/// Numbers in [-1, 1), without a pattern.
float value_at(unsigned i) {
  i = (i ^ 61u ^ (i >> 16)) * 9u;
  i = (i ^ (i >> 4)) * 0x27d4eb2du;
  return static_cast<float>((i ^ (i >> 15)) & 0xffff) / 32768.0f - 1.0f;
}

std::vector<float> values(int count, unsigned from) {
  std::vector<float> made(static_cast<std::size_t>(count));
  for (float& value : made) value = value_at(from++);
  return made;
}

bool close(float got, double expected, double bound) {
  return std::abs(double{got} - expected) <= bound * std::max(1.0, std::abs(expected));
}

template <class... Args>
void launch(CUfunction function, int blocks, CUstream stream, Args... args) {
  void* params[] = {static_cast<void*>(&args)...};
  CU(cuLaunchKernel(function, static_cast<unsigned>(blocks), 1, 1, zoo::kThreads, 1, 1, 0, stream,
                    params, nullptr));
}

int blocks(int n) { return (n + zoo::kThreads - 1) / zoo::kThreads; }

/// One allocation: a pad, the output, an answer that was computed before, the input.
struct Stir {
  int n;
  CUfunction kernel;
  float* out;
  int* spare;

  Stir(const Module& module, int size)
      : n(size),
        kernel(module.function("zoo_stir")),
        out(at<float>(zeros(4 * (kPad + 3 * static_cast<std::size_t>(size)))) + kPad),
        spare(at<int>(zeros(1024))) {
    const auto in = values(n, 1);
    auto answer = in;
    for (float& value : answer) value = zoo::stirred(value);
    upload(out + n, answer);
    upload(out + 2 * n, in);
  }
  void launch(CUstream stream) const {
    ::launch(kernel, blocks(n), stream, out, static_cast<const float*>(out + 2 * n), spare, n,
             kRounds);
  }
  void check() const { FIB_CHECK(read(out, n) == read(out + n, n)); }
};

struct Add {
  int n;
  CUfunction kernel;
  float *x, *y;

  Add(const Module& module, int size)
      : n(size),
        kernel(module.function("zoo_add")),
        x(at<float>(zeros(4 * static_cast<std::size_t>(size)))),
        y(at<float>(zeros(4 * static_cast<std::size_t>(size)))) {
    upload(x, values(n, 2));
    upload(y, values(n, 3));
  }
  void launch(CUstream stream) const {
    ::launch(kernel, blocks(n), stream, x, static_cast<const float*>(y), n);
  }
  void check(int times) const {
    const auto got = read(x, n);
    for (int i = 0; i < n; ++i) {
      const auto at = static_cast<unsigned>(i);
      FIB_CHECK(close(got[at], value_at(2 + at) + double(times) * value_at(3 + at), 1e-4));
    }
  }
};

struct Sums {
  int rows, width;
  CUfunction kernel;
  float *out, *in;

  Sums(const Module& module, int r, int w)
      : rows(r),
        width(w),
        kernel(module.function("zoo_row_sums")),
        out(at<float>(zeros(4 * static_cast<std::size_t>(r)))),
        in(at<float>(zeros(4 * static_cast<std::size_t>(r * w)))) {
    upload(in, values(rows * width, 4));
  }
  void launch(CUstream stream) const {
    ::launch(kernel, rows, stream, out, static_cast<const float*>(in), rows, width);
  }
  void check() const {
    const auto got = read(out, rows);
    for (int row = 0; row < rows; ++row) {
      double sum = 0;
      for (int i = 0; i < width; ++i) sum += value_at(static_cast<unsigned>(4 + row * width + i));
      FIB_CHECK(close(got[static_cast<std::size_t>(row)], sum, 1e-4));
    }
  }
};

struct Norm {
  int rows, hidden;
  CUfunction kernel;
  std::uint16_t *out, *in, *weight;

  Norm(const Module& module, int r, int h)
      : rows(r),
        hidden(h),
        kernel(module.function("zoo_norm")),
        out(at<std::uint16_t>(zeros(2 * static_cast<std::size_t>(r * h)))),
        in(at<std::uint16_t>(zeros(2 * static_cast<std::size_t>(r * h)))),
        weight(at<std::uint16_t>(zeros(2 * static_cast<std::size_t>(h)))) {
    std::vector<std::uint16_t> rows_in, weights;
    for (const float value : values(rows * hidden, 5)) rows_in.push_back(zoo::narrow(value));
    for (const float value : values(hidden, 6)) weights.push_back(zoo::narrow(1.25f + value / 4));
    upload(in, rows_in);
    upload(weight, weights);
  }
  void launch(CUstream stream) const {
    ::launch(kernel, rows, stream, out, static_cast<const std::uint16_t*>(in),
             static_cast<const std::uint16_t*>(weight), kEpsilon, hidden);
  }
  void check() const {
    const auto got = read(out, rows * hidden), from = read(in, rows * hidden);
    const auto weights = read(weight, hidden);
    for (std::size_t i = 0; i < got.size(); ++i) {
      const std::size_t h = static_cast<std::size_t>(hidden), row = i / h;
      const float scale = zoo::norm_scale(from.data() + row * h, kEpsilon, hidden);
      FIB_CHECK(close(zoo::widen(got[i]), zoo::widen(from[i]) * scale * zoo::widen(weights[i % h]),
                      1.6e-2));
    }
  }
};

struct All {
  Module module{"it_judged"};
  Stir small_stir{module, 5000}, stir{module, 1 << 16};
  Add small_add{module, 3000}, add{module, 1 << 16};
  Sums small_sums{module, 1, 500}, sums{module, 128, 512};
  Norm small_norm{module, 32, 256}, norm{module, 96, 256};

  void launch(CUstream stream) const {
    for (const Stir* one : {&small_stir, &stir}) one->launch(stream);
    for (const Add* one : {&small_add, &add}) one->launch(stream);
    for (const Sums* one : {&small_sums, &sums}) one->launch(stream);
    for (const Norm* one : {&small_norm, &norm}) one->launch(stream);
  }
  void check(int times) const {
    for (const Stir* one : {&small_stir, &stir}) one->check();
    for (const Add* one : {&small_add, &add}) one->check(times);
    for (const Sums* one : {&small_sums, &sums}) one->check();
    for (const Norm* one : {&small_norm, &norm}) one->check();
  }
};

/// Launched as one graph, `times` times.
void captured(const All& all, CUstream stream, int times) {
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;
  CU(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  all.launch(stream);
  CU(cuStreamEndCapture(stream, &graph));
  CU(cuGraphInstantiate(&exec, graph, 0));
  for (int i = 0; i < times; ++i) CU(cuGraphLaunch(exec, stream));
  CU(cuStreamSynchronize(stream));
  CU(cuGraphExecDestroy(exec));
  CU(cuGraphDestroy(graph));
}

}  // namespace

int main() {
  start();
  const All all;
  CUstream stream = nullptr;
  CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  CU(cuCtxSynchronize());
  for (int i = 0; i < 2; ++i) all.launch(stream);
  captured(all, stream, 2);
  CU(cuStreamSynchronize(stream));
  all.check(4);
  CU(cuStreamDestroy(stream));
  return finish();
}
