// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

#include "replayer/launch_table.h"
#include "replayer/machine.h"

namespace fib::replayer {

/// The GPU reports an error, or the replay can't go on. Nothing can be said about what comes after.
class ReplayFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What an operation came to.
struct Outcome {
  bool ran = false;     ///< something was given to the GPU
  std::string problem;  ///< why not
};

/// Does what operations did, in this process. Issues work without waiting for it, but where the
/// recording waited, too. Throws ReplayFailed and driver::DriverError.
class Executor {
 public:
  Executor(Machine& machine, LaunchTable& launches) : m_(machine), launches_(launches) {}

  /// One operation, with its payloads; effects are written. What cannot be replayed is a deviation,
  /// and for launches a reason in the launch table.
  Outcome run(std::size_t index);
  /// Payloads alone: host memory that the operation reads.
  void apply_payloads(const Operation& operation);
  /// The operation alone; again, as often as wanted.
  Outcome issue(std::size_t index);
  /// One node of a graph launch that graph_obstacle() lets pass.
  Outcome issue_node(std::size_t index, std::uint32_t node);

  /// Waits for everything. Throws ReplayFailed.
  void synchronize();
  /// The stream that an operation named.
  CUstream stream_of(const Operation& operation);

 private:
  using Handler = void (Executor::*)(const Operation&, const CallPlan&);
  struct CopyPlan;
  [[nodiscard]] static Handler handler_of(std::string_view base);
  [[nodiscard]] static bool is_ignored(std::string_view base);

  // launches.cpp
  Outcome launch(const Operation& operation, const LaunchPlan& plan);
  Outcome launch_graph(const Operation& operation, const GraphLaunchPlan& plan);
  Outcome launch_kernel_node(const GraphNodePlan& node, CUcontext context, CUstream stream);
  CUresult launch_form(const LaunchPlan& plan, const LoadedKernel& kernel, KernelParams& params,
                       CUstream stream);

  // copies.cpp
  void copy(const Operation& operation, const CallPlan& call);
  void copy_peer(const Operation& operation, const CallPlan& call);
  void copy_2d(const Operation& operation, const CallPlan& call);
  void copy_3d(const Operation& operation, const CallPlan& call);
  void copy_3d_peer(const Operation& operation, const CallPlan& call);
  void copy_batch(const Operation& operation, const CallPlan& call);
  void copy_linear(const Operation& operation, const CallPlan& call, std::uint64_t to,
                   std::uint64_t from, std::uint64_t bytes);
  [[nodiscard]] std::uint64_t source(const Operation& operation, std::uint64_t address,
                                     std::uint64_t bytes);
  [[nodiscard]] std::uint64_t target(std::uint64_t address, std::uint64_t bytes);
  template <class Copy, auto Async, auto Sync>
  void copy_shaped(const Operation& operation, const CallPlan& call);
  bool is_async(const CallPlan& call) const { return call.api->base.ends_with("Async"); }

  // memsets.cpp
  void set_linear(const Operation& operation, const CallPlan& call);
  void set_rectangle(const Operation& operation, const CallPlan& call);

  // stream_calls.cpp
  void record_event(const Operation& operation, const CallPlan& call);
  void wait_event(const Operation& operation, const CallPlan& call);
  void create_event(const Operation& operation, const CallPlan& call);
  void destroy_event(const Operation& operation, const CallPlan& call);
  void wait_for_event(const Operation& operation, const CallPlan& call);
  void create_stream(const Operation& operation, const CallPlan& call);
  void destroy_stream(const Operation& operation, const CallPlan& call);
  void wait_for_stream(const Operation& operation, const CallPlan& call);
  void wait_for_context(const Operation& operation, const CallPlan& call);
  void set_stream_attribute(const Operation& operation, const CallPlan& call);
  void write_value(const Operation& operation, const CallPlan& call);
  void wait_value(const Operation& operation, const CallPlan& call);
  void batch_memops(const Operation& operation, const CallPlan& call);

  // state_calls.cpp
  void set_function_attribute(const Operation& operation, const CallPlan& call);
  void set_kernel_attribute(const Operation& operation, const CallPlan& call);
  void set_limit(const Operation& operation, const CallPlan& call);

  void call(const Operation& operation, const CallPlan& call);
  void unsupported(const CallPlan& call, const std::string& why);
  /// A driver call of the replay failed.
  void failed(const CallPlan& call, CUresult rc);
  void expect(const CallPlan& call, CUresult rc) {
    if (rc != CUDA_SUCCESS) failed(call, rc);
  }
  void write_host(const PayloadPlan& payload, trace::Bytes content);
  [[nodiscard]] CUstream stream(const Operation& operation, const CallPlan& call);

  Machine& m_;
  LaunchTable& launches_;
};

}  // namespace fib::replayer
