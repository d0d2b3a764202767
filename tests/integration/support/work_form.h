// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda.h>

#include <memory>
#include <string>
#include <vector>

#include "support/check.h"
#include "support/graph.h"

namespace fib::test {

/// How kernels get to the GPU: one by one, in a graph that is captured for every step and updates
/// the executable one, or in a graph built node by node whose parameters are set for every step.
enum class LaunchForm { Eager, Captured, Explicit };
/// By name: eager, captured, explicit.
LaunchForm launch_form(const std::string& name);

/// Steps of work in one of the forms, on a stream of its own. The operations between begin() and
/// end() run one after the other, and must be the same in every step but for their values.
class WorkForm {
 public:
  explicit WorkForm(LaunchForm form);
  ~WorkForm();
  WorkForm(const WorkForm&) = delete;
  WorkForm& operator=(const WorkForm&) = delete;

  CUstream stream() const { return stream_; }
  void begin();
  /// One block of `threads`.
  template <class... Args>
  void kernel(CUfunction function, unsigned threads, Args... args) {
    kernel(std::make_unique<KernelArgs>(function, threads, args...));
  }
  void set(CUdeviceptr at, unsigned value, std::size_t words);
  void copy(CUdeviceptr to, CUdeviceptr from, std::size_t bytes);
  void end();

 private:
  bool adding() const { return form_ == LaunchForm::Explicit && exec_ == nullptr; }
  void kernel(std::unique_ptr<KernelArgs> args);
  void end_captured();
  void add(CUgraphNode node);
  CUgraphNode next_node();
  std::vector<CUgraphNode> after() const;

  LaunchForm form_;
  CUstream stream_ = nullptr;
  CUcontext context_ = nullptr;
  CUgraph graph_ = nullptr;
  CUgraphExec exec_ = nullptr;
  std::vector<CUgraphNode> nodes_;
  std::size_t next_ = 0;
};

}  // namespace fib::test
