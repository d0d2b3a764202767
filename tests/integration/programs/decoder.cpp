// SPDX-License-Identifier: Apache-2.0
// decoder [STEPS [FILE]]: a language model in miniature with weights made up on the spot. Two
// threads answer a request each: the prompt token by token with eager launches, then STEPS new ones
// with a graph that was captured. Prints the tokens; FILE gets the last logits as an .npy file.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/check.h"
#include "support/image.h"
#include "tests/integration/kernels/decoder.h"

using namespace fib::test;

namespace {

constexpr int kWidth = 256, kHidden = 384, kVocabulary = 512, kLayers = 2;
constexpr int kThreads = 2, kPrompt = 3;
constexpr float kEpsilon = 1e-5f;
constexpr unsigned kBlock = 128;

/// Device memory, freed with the context.
template <class T>
T* allocate(std::size_t count) {
  CUdeviceptr address = 0;
  CU(cuMemAlloc(&address, count * sizeof(T)));
  CU(cuMemsetD8(address, 0, count * sizeof(T)));
  return reinterpret_cast<T*>(address);
}

/// Numbers between -1 and 1, the same in every run.
float* weights(std::size_t count, std::uint32_t seed) {
  std::vector<float> values(count);
  for (float& value : values) {
    seed = seed * 1664525 + 1013904223;
    value = static_cast<float>(seed >> 8) / static_cast<float>(1 << 23) - 1;
  }
  float* const to = allocate<float>(count);
  CU(cuMemcpyHtoD(reinterpret_cast<CUdeviceptr>(to), values.data(), count * sizeof(float)));
  return to;
}

struct Layer {
  float *norm, *gate_up, *down;
};

struct Model {
  CUcontext context = nullptr;
  CUfunction embed, rms_norm, project, swiglu, add_residual, choose;
  float *table, *norm, *head;
  Layer layers[kLayers];

  explicit Model(const Module& module) {
    CU(cuCtxGetCurrent(&context));
    embed = module.function("embed");
    rms_norm = module.function(kRmsNorm);
    project = module.function(kProject);
    swiglu = module.function("swiglu");
    add_residual = module.function("add_residual");
    choose = module.function("choose");
    std::uint32_t seed = 1;
    table = weights(kVocabulary * kWidth, seed++);
    norm = weights(kWidth, seed++);
    head = weights(kVocabulary * kWidth, seed++);
    for (Layer& layer : layers) {
      layer.norm = weights(kWidth, seed++);
      layer.gate_up = weights(2 * kHidden * kWidth, seed++);
      layer.down = weights(kWidth * kHidden, seed++);
    }
  }
};

/// One request: its own stream and memory.
class Request {
 public:
  Request(const Model& model, int steps) : model_(model) {
    CU(cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING));
    token_ = allocate<int>(1);
    step_ = allocate<int>(1);
    history_ = allocate<int>(static_cast<std::size_t>(kPrompt + steps));
    x_ = allocate<float>(kWidth);
    y_ = allocate<float>(kWidth + 64);  // rows end before the memory does, as everywhere
    inner_ = allocate<float>(kHidden + 64);
    gate_up_ = allocate<float>(2 * kHidden);
    logits_ = allocate<float>(kVocabulary);
    CU(cuCtxSynchronize());
  }

  void prompt(int first) {
    for (int i = 0; i < kPrompt; ++i) {
      const int token = (first * 37 + i * 11) % kVocabulary;
      CU(cuMemcpyHtoDAsync(reinterpret_cast<CUdeviceptr>(token_), &token, sizeof token, stream_));
      decode();
      CU(cuStreamSynchronize(stream_));
    }
  }

  void generate(int steps) {
    CUgraph graph = nullptr;
    CUgraphExec step = nullptr;
    CU(cuStreamBeginCapture(stream_, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    decode();
    CU(cuStreamEndCapture(stream_, &graph));
    CU(cuGraphInstantiate(&step, graph, 0));
    for (int i = 0; i < steps; ++i) CU(cuGraphLaunch(step, stream_));
    CU(cuStreamSynchronize(stream_));
    CU(cuGraphExecDestroy(step));
    CU(cuGraphDestroy(graph));
  }

  std::string tokens(int steps) const {
    std::vector<int> chosen(static_cast<std::size_t>(kPrompt + steps));
    CU(cuMemcpyDtoH(chosen.data(), reinterpret_cast<CUdeviceptr>(history_),
                    chosen.size() * sizeof(int)));
    std::string text;
    for (const int token : chosen) text += ' ' + std::to_string(token);
    return text;
  }
  std::vector<float> logits() const {
    std::vector<float> values(kVocabulary);
    CU(cuMemcpyDtoH(values.data(), reinterpret_cast<CUdeviceptr>(logits_),
                    values.size() * sizeof(float)));
    return values;
  }

 private:
  template <class... Args>
  void launch(CUfunction kernel, int threads, Args... args) {
    void* params[] = {static_cast<void*>(&args)..., nullptr};
    const unsigned blocks = (static_cast<unsigned>(threads) + kBlock - 1) / kBlock;
    CU(cuLaunchKernel(kernel, blocks, 1, 1, kBlock, 1, 1, 0, stream_, params, nullptr));
  }
  void norm(const float* weight) {
    launch(model_.rms_norm, kWidth, static_cast<const float*>(x_), weight, y_, 1, kWidth, kEpsilon);
  }
  void project(const float* w, const float* from, float* to, int rows, int width) {
    launch(model_.project, rows, w, from, to, rows, width);
  }

  /// One token: the model's kernels, in their order.
  void decode() {
    launch(model_.embed, kWidth, static_cast<const int*>(token_),
           static_cast<const float*>(model_.table), x_, kWidth);
    for (const Layer& layer : model_.layers) {
      norm(layer.norm);
      project(layer.gate_up, y_, gate_up_, 2 * kHidden, kWidth);
      launch(model_.swiglu, kHidden, static_cast<const float*>(gate_up_), inner_, int{kHidden});
      project(layer.down, inner_, y_, kWidth, kHidden);
      launch(model_.add_residual, kWidth, x_, static_cast<const float*>(y_), int{kWidth});
    }
    norm(model_.norm);
    project(model_.head, y_, logits_, kVocabulary, kWidth);
    launch(model_.choose, 1, static_cast<const float*>(logits_), int{kVocabulary}, token_, history_,
           step_);
  }

  const Model& model_;
  CUstream stream_ = nullptr;
  int *token_, *step_, *history_;
  float *x_, *y_, *inner_, *gate_up_, *logits_;
};

/// As NumPy writes it: version 1, the header padded to 128 bytes.
void write_npy(const char* path, const std::vector<float>& values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(values.size()) + ",), }";
  header.resize(117, ' ');
  header += '\n';
  std::ofstream out(path, std::ios::binary);
  out.write("\x93NUMPY\x01\x00\x76\x00", 10);
  out << header;
  out.write(reinterpret_cast<const char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
}

}  // namespace

int main(int argc, char** argv) {
  const int steps = argc > 1 ? std::atoi(argv[1]) : 24;
  start();
  const Module module("it_decoder");
  const Model model(module);
  std::vector<std::unique_ptr<Request>> requests;
  for (int i = 0; i < kThreads; ++i) requests.push_back(std::make_unique<Request>(model, steps));
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      CU(cuCtxSetCurrent(model.context));
      requests[static_cast<std::size_t>(i)]->prompt(i);
      requests[static_cast<std::size_t>(i)]->generate(steps);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& request : requests) std::printf("tokens%s\n", request->tokens(steps).c_str());
  if (argc > 2) write_npy(argv[2], requests.front()->logits());
  return finish();
}
