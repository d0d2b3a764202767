// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "driver/scopes.h"
#include "recorder/live.h"

namespace fib::recorder {

using driver::CurrentContext;
using driver::RelaxedCapture;

enum class Drained {
  Idle,      ///< all GPUs have done all that they were given
  TimedOut,  ///< something still runs; perhaps it waits for the host
  Failed,    ///< the driver reports an error; see Drain::error
};

struct Drain {
  Drained outcome = Drained::Idle;
  CUresult error = CUDA_SUCCESS;
};

/// Waits until all streams of all live contexts are idle, but not longer than `limit_ns`: a kernel
/// may be waiting for the very threads that the gate holds. For a closed gate, and while no stream
/// is capturing. Never throws.
[[nodiscard]] Drain drain(const driver::DriverApi& api, const Live& live,
                          std::uint64_t limit_ns) noexcept;

/// "CUDA_ERROR_..." or a number.
[[nodiscard]] const char* error_name(const driver::DriverApi& api, CUresult error) noexcept;

}  // namespace fib::recorder
