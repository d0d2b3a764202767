// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "dispatch/prepared_launch.h"
#include "driver/launch_call.h"

namespace fib::dispatch {

/// Attributes of a kernel node that are not what every node has.
class NodeAttributes {
 public:
  /// `is_dependent`: the node has programmatic edges. False: there are too many.
  [[nodiscard]] bool read(const driver::DriverApi& api, CUgraphNode node,
                          bool is_dependent) noexcept;

  [[nodiscard]] std::span<const CUlaunchAttribute> list() const noexcept {
    return {list_.data(), count_};
  }
  /// Null if the node does not have it.
  [[nodiscard]] const CUlaunchAttributeValue* find(CUlaunchAttributeID id) const noexcept;

 private:
  [[nodiscard]] bool add(CUlaunchAttributeID id, const CUlaunchAttributeValue& value) noexcept;

  std::array<CUlaunchAttribute, 16> list_{};
  std::size_t count_ = 0;
};

/// Whether a node was made to be changed by kernels: they hold handles that clones do not have.
[[nodiscard]] bool is_device_updatable(const driver::DriverApi& api, CUgraphNode node) noexcept;

/// What makes a kernel node run in cooperation.
struct Cooperation {
  std::array<unsigned int, 3> cluster{};  ///< zeros: no cluster
  bool cooperative = false;

  bool operator==(const Cooperation&) const = default;
};
[[nodiscard]] Cooperation cooperation_of(const NodeAttributes& attributes) noexcept;
[[nodiscard]] Cooperation cooperation_of(const PreparedKernel& kernel) noexcept;
/// Writes what differs. Stops at the driver's first error.
[[nodiscard]] CUresult set_cooperation(const driver::DriverApi& api, CUgraphNode node,
                                       const Cooperation& from, const Cooperation& to) noexcept;

/// Parameters of a kernel node with memory of their own. As kernelParams, also if they were given
/// as one buffer. Can be moved.
class NodeParams {
 public:
  /// `view` is of the same launch. Throws std::bad_alloc.
  NodeParams(const CUDA_KERNEL_NODE_PARAMS& params, const match::LaunchView& view);
  [[nodiscard]] const CUDA_KERNEL_NODE_PARAMS& get() const noexcept { return params_; }
  /// A kernel without a context of its own would run in whichever is current.
  void run_in(CUcontext context) noexcept { params_.ctx = context; }

 private:
  CUDA_KERNEL_NODE_PARAMS params_;
  std::vector<std::byte> bytes_;
  std::vector<void*> pointers_;
};

/// The handle that a node launches: a function, or a kernel in its place.
[[nodiscard]] inline CUfunction handle_of(const CUDA_KERNEL_NODE_PARAMS& params) noexcept {
  return params.func != nullptr ? params.func : reinterpret_cast<CUfunction>(params.kern);
}
/// A kernel node as a launch, for Dispatcher::decide(). Borrows.
[[nodiscard]] driver::LaunchCall call_of(const CUDA_KERNEL_NODE_PARAMS& params,
                                         const NodeAttributes& attributes) noexcept;
/// The candidate's launch as a kernel node; `function` is of the node's context. Borrows.
[[nodiscard]] CUDA_KERNEL_NODE_PARAMS params_of(const PreparedKernel& kernel,
                                                CUfunction function) noexcept;

/// Makes a context current for as long as it lives; nothing, if it is current or null.
class ContextScope {
 public:
  ContextScope(const driver::DriverApi& api, CUcontext context) noexcept;
  ~ContextScope();
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;
  [[nodiscard]] bool ok() const noexcept { return ok_; }

 private:
  const driver::DriverApi& api_;
  bool pushed_ = false, ok_ = true;
};

}  // namespace fib::dispatch
