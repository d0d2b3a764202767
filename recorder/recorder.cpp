// SPDX-License-Identifier: Apache-2.0
#include "recorder/recorder.h"

namespace fib::recorder {

Recorder::Recorder(const Options& options, const driver::DriverApi& driver) noexcept
    : api(driver),
      session(options, driver),
      captures(driver),
      loads(session, driver),
      kernels(session, loads, driver, options.kernel_filter),
      graphs(session, kernels, driver),
      launches(session, kernels, graphs, captures, driver),
      calls(session, driver) {}

}  // namespace fib::recorder
